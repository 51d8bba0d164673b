//! Writing all files of a plan: first each under a temporary name, then all under their own.

use super::plan::{PreparedFile, read};
use crate::fsio::{Access, Disk, FileSystem, FsError, FsResult, NewFile, temp_name};
use crate::ops::OpError;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A change that is ready to be made, with what it takes to unmake it.
struct Change<'f> {
    file: &'f PreparedFile,
    /// Of what was there.
    access: Option<Access>,
    /// The new contents, under a temporary name; none if the file goes.
    new: Option<NewFile>,
    /// What a file that goes is called until all others are written.
    aside: PathBuf,
}

/// Writes the files that change. After an error all are as they were; if the disk refuses that, too, the error says
/// which are not.
///
/// # Errors
/// [`OpError::PlanChanged`] if somebody else has changed one of the files since it was read.
pub(super) fn write(files: &[PreparedFile], root: &Path) -> Result<(), OpError> {
    let changed: Vec<&PreparedFile> = files.iter().filter(|file| file.before != file.after).collect();
    let mut made = Vec::new();
    let staged: Result<Vec<_>, _> = changed.iter().map(|file| Change::stage(file, &mut made)).collect();
    if let Err(error) = staged.and_then(put) {
        // the innermost last made
        for dir in made.iter().rev() {
            let _ = std::fs::remove_dir(dir);
        }
        return Err(error);
    }
    for file in changed.iter().filter(|file| file.after.is_none()) {
        let named = root.join(file.named);
        let dirs = named.ancestors().skip(1).take_while(|dir| dir.starts_with(root) && *dir != root);
        // a folder that holds something else stays, and so does a link to a folder
        let _ = dirs.map(std::fs::remove_dir).take_while(Result::is_ok).count();
    }
    Ok(())
}

fn put(mut changes: Vec<Change<'_>>) -> Result<(), OpError> {
    let mut begun = 0;
    let all = changes.iter_mut().try_for_each(|change| {
        if read(&change.file.path, change.file.named)? != change.file.before {
            return Err(OpError::PlanChanged);
        }
        // whatever fails from here on may have been done all the same
        begun += 1;
        change.make().map_err(failed)
    });
    let all = all.and_then(|()| {
        let mut gone = changes.iter().filter(|change| change.file.after.is_none());
        gone.try_for_each(|change| Disk.remove(&change.aside).map_err(failed))
    });
    let Err(error) = all else { return Ok(()) };
    let left: Vec<&Path> = changes[..begun].iter().filter(|change| !change.unmake()).map(|c| &*c.file.path).collect();
    let Some(first) = left.first() else { return Err(error) };
    let names = left.iter().map(|path| path.to_string_lossy()).collect::<Vec<_>>().join(", ");
    let reason = format!("it was changed before an error, and is not as it was ({error}); all such files: {names}");
    Err(OpError::io("put back", *first, std::io::Error::other(reason)))
}

impl<'f> Change<'f> {
    /// Makes ready what can be made ready before any file is touched. Folders that it makes are added to `made`.
    fn stage(file: &'f PreparedFile, made: &mut Vec<PathBuf>) -> Result<Change<'f>, OpError> {
        let access = match &file.before {
            Some(_) => Some(Access::of(&file.path).map_err(|error| OpError::io("examine", &file.path, error))?),
            None => None,
        };
        let aside = file.path.with_file_name(format!(".dbsnap-{}", temp_name()));
        let mut change = Change { file, access, new: None, aside };
        if let Some(after) = &file.after {
            make_dirs(&file.path, made)?;
            change.new = Some(change.written(after).map_err(failed)?);
        }
        Ok(change)
    }

    /// A text under a temporary name, as open to others as what was there, or as any new file.
    fn written(&self, text: &str) -> FsResult<NewFile> {
        let path = &self.file.path;
        let access = match self.access {
            Some(access) => access,
            None => access_of_new(&self.aside).map_err(|error| FsError::new("create", &self.aside, error))?,
        };
        let new = NewFile::create(Arc::new(Disk), path)?;
        new.file().write_at(0, text.as_bytes())?;
        new.set_access(access)?;
        Ok(new)
    }

    fn make(&mut self) -> FsResult<()> {
        match (self.new.take(), &self.file.after) {
            (Some(new), Some(after)) => new.publish(after.len() as u64),
            _ => Disk.rename(&self.file.path, &self.aside),
        }
    }

    /// Puts the file back as it was, unless somebody else has changed it since. Whether it is as it was.
    fn unmake(&self) -> bool {
        let (path, before, after) = (&self.file.path, &self.file.before, &self.file.after);
        let now = || read(path, self.file.named).ok();
        if now().as_ref() == Some(after) {
            // what it comes to is looked at
            let _ = match before {
                None => Disk.remove(path),
                Some(_) if after.is_none() && Disk.rename(&self.aside, path).is_ok() => Ok(()),
                Some(before) => self.written(before).and_then(|new| new.publish(before.len() as u64)),
            };
        }
        now().as_ref() == Some(before)
    }
}

/// Of a new file in that place: what the system gives one, by the umask and the folder.
fn access_of_new(path: &Path) -> std::io::Result<Access> {
    std::fs::File::create_new(path)?;
    let access = Access::of(path);
    std::fs::remove_file(path)?;
    access
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

fn failed(error: FsError) -> OpError {
    OpError::io(error.action, error.path, error.source)
}
