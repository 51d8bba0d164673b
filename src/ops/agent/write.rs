//! Writing all files of a plan: first each under a temporary name, then all under their own.

use super::plan::PreparedFile;
use crate::fsio::{Disk, FsError, NewFile};
use crate::ops::OpError;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bits of a mode that let somebody read or write.
const READ_AND_WRITE: u32 = 0o666;

/// Writes the files that change. After an error all are as they were, unless the disk refuses that, too.
pub(super) fn write(files: &[PreparedFile], root: &Path) -> Result<(), OpError> {
    let changed: Vec<&PreparedFile> = files.iter().filter(|file| file.before != file.after).collect();
    let mut made = Vec::new();
    let written = put(&changed, root, &mut made);
    if written.is_err() {
        // the innermost last made
        for dir in made.iter().rev() {
            let _ = std::fs::remove_dir(dir);
        }
    }
    written
}

fn put(changed: &[&PreparedFile], root: &Path, made: &mut Vec<PathBuf>) -> Result<(), OpError> {
    let mut staged = Vec::new();
    for file in changed {
        if let Some(after) = &file.after {
            make_dirs(&file.path, made)?;
            staged.push((*file, stage(file, after.as_bytes(), root)?, after.len()));
        }
    }
    let mut done: Vec<&PreparedFile> = Vec::new();
    for (file, new, len) in staged {
        if let Err(error) = new.publish(len as u64) {
            done.iter().for_each(|file| put_back(file, root));
            return Err(failed(error));
        }
        done.push(file);
    }
    for file in changed.iter().filter(|file| file.after.is_none()) {
        if let Err(error) = std::fs::remove_file(&file.path) {
            done.iter().for_each(|file| put_back(file, root));
            return Err(OpError::io("remove", &file.path, error));
        }
        done.push(file);
    }
    for file in changed.iter().filter(|file| file.after.is_none()) {
        let dirs = file.path.ancestors().skip(1).take_while(|dir| dir.starts_with(root) && *dir != root);
        // a folder that holds something else stays
        let _ = dirs.map(std::fs::remove_dir).take_while(Result::is_ok).count();
    }
    Ok(())
}

/// Makes the folders above a file that are not there.
fn make_dirs(path: &Path, made: &mut Vec<PathBuf>) -> Result<(), OpError> {
    let missing: Vec<&Path> = path.ancestors().skip(1).take_while(|dir| !dir.is_dir()).collect();
    for dir in missing.into_iter().rev() {
        std::fs::create_dir(dir).map_err(|error| OpError::io("create", dir, error))?;
        made.push(dir.to_path_buf());
    }
    Ok(())
}

/// Writes a file under a temporary name, as open to others as the one it replaces, or as the project's directory.
fn stage(file: &PreparedFile, bytes: &[u8], root: &Path) -> Result<NewFile, OpError> {
    let mode = |path: &Path| path.metadata().map(|found| found.permissions().mode() & 0o7777);
    let mode = match &file.before {
        Some(_) => mode(&file.path).map_err(|error| OpError::io("examine", &file.path, error))?,
        None => mode(root).map_err(|error| OpError::io("examine", root, error))? & READ_AND_WRITE,
    };
    let new = NewFile::create(Arc::new(Disk), &file.path).map_err(failed)?;
    new.file().write_at(0, bytes).and_then(|()| new.set_mode(mode)).map_err(failed)?;
    Ok(new)
}

/// Best effort, after an error that is told: the file as it was.
fn put_back(file: &PreparedFile, root: &Path) {
    match &file.before {
        None => drop(std::fs::remove_file(&file.path)),
        Some(before) => {
            let new = stage(file, before.as_bytes(), root);
            let _ = new.map(|new| new.publish(before.len() as u64));
        }
    }
}

fn failed(error: FsError) -> OpError {
    OpError::io(error.action, error.path, error.source)
}
