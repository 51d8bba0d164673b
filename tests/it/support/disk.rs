//! Small, full and read-only disks.
//!
//! A disk is a tmpfs in a mount namespace of its own, kept by a shell that ends with the test, so that nothing is left
//! mounted, however the test ends. Programs are sent into the namespace; the test looks in from outside. Root needs no
//! more; anybody else gets a user namespace as well.

use super::process::{Invocation, Project};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use tempfile::TempDir;

/// A tmpfs that only programs run through [`Disk::inside`] see at [`Disk::path`].
pub struct Disk {
    keeper: Child,
    /// The keeper reads this and ends when it is closed.
    _open: Option<ChildStdin>,
    mount_point: TempDir,
    in_user_namespace: bool,
}

impl Disk {
    /// A disk with these mount options, such as `size=64k` or `nr_inodes=10`.
    pub fn new(options: &str) -> Disk {
        Disk::keep(options, &["-m"], false)
            .or_else(|_| Disk::keep(options, &["-U", "-r", "-m"], true))
            .unwrap_or_else(|error| panic!("no disk for the test: needs root, or user namespaces: {error}"))
    }

    fn keep(options: &str, namespaces: &[&str], in_user_namespace: bool) -> Result<Disk, String> {
        let mount_point = tempfile::Builder::new().prefix("dbsnap-disk-").tempdir().unwrap();
        let script = "mount -t tmpfs -o \"$1\" tmpfs \"$2\" && echo mounted && read -r end";
        let mut keeper = Command::new("unshare")
            .args(namespaces)
            .args(["sh", "-c", script, "sh", options])
            .arg(mount_point.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("unshare: {error}"))?;
        let open = keeper.stdin.take();
        let mut said = String::new();
        BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut said).unwrap();
        if said == "mounted\n" {
            return Ok(Disk { keeper, _open: open, mount_point, in_user_namespace });
        }
        let output = keeper.wait_with_output().unwrap();
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }

    /// Where the disk is for programs inside.
    pub fn path(&self) -> &Path {
        self.mount_point.path()
    }

    /// Where the disk is for the test itself.
    pub fn seen_from_outside(&self) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.keeper.id()));
        root.join(self.path().strip_prefix("/").unwrap())
    }

    /// The same program, where the disk is there.
    pub fn inside(&self, invocation: &Invocation) -> Invocation {
        let target = format!("--target={}", self.keeper.id());
        let mut words = vec!["nsenter", &target, "--mount"];
        if self.in_user_namespace {
            words.extend(["--user", "--preserve-credentials"]);
        }
        // Entering a mount namespace goes to its root directory.
        let place = invocation.place().to_str().unwrap();
        words.extend(["sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "sh", place]);
        // The disk's own directory may be the place, and outside it is another directory.
        invocation.clone().under(words).dir("/")
    }

    /// The words before a program that take it to where the disk is, as a user who is not root there either: servers
    /// refuse to be run by root. The disk needs the option `mode=1777`.
    pub fn way_in(&self) -> String {
        let id = self.keeper.id();
        match self.in_user_namespace {
            false => format!("nsenter --target={id} --mount runuser -u postgres --"),
            true => format!(
                "nsenter --target={id} --mount --user --preserve-credentials unshare -U --map-user=1000 --map-group=1000"
            ),
        }
    }

    /// Changes mount options, such as `size=1m` or `ro`, of the disk as it is.
    pub fn remount(&self, options: &str) {
        // With a source named, mount does not repeat the owner it finds in the mount table, which has no name in here.
        let words = ["-t", "tmpfs", "-o", &format!("remount,{options}"), "tmpfs"];
        let invocation = Project::new().program("mount", words).arg(self.path()).dir("/");
        self.inside(&invocation).run().success();
    }

    /// Leaves no free byte, by a file of that name.
    pub fn fill(&self, name: &str) {
        let filler = std::fs::File::create(self.seen_from_outside().join(name)).unwrap();
        // Ends by an error, which is the point.
        let error = std::io::copy(&mut std::io::repeat(0), &mut &filler).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn write_inside(disk: &Disk, name: &str, kilobytes: u32) -> Option<i32> {
        let script = format!("head -c {kilobytes}k /dev/zero >{name}");
        disk.inside(&Project::new().program("sh", ["-c", &script]).dir(disk.path())).run().code()
    }

    #[test]
    fn a_small_disk_fills_up_and_can_grow() {
        let disk = Disk::new("size=64k");
        assert_eq!(write_inside(&disk, "fits", 16), Some(0));
        assert_ne!(write_inside(&disk, "does_not", 100), Some(0));
        assert_eq!(fs::metadata(disk.seen_from_outside().join("fits")).unwrap().len(), 16 << 10);
        disk.remount("size=1m");
        assert_eq!(write_inside(&disk, "does_not", 100), Some(0));
        assert!(!disk.path().join("fits").exists(), "the disk is seen outside its namespace");
    }

    #[test]
    fn a_full_disk_holds_no_further_byte() {
        let disk = Disk::new("size=64k");
        disk.fill("filler");
        assert_ne!(write_inside(&disk, "more", 4), Some(0));
    }

    #[test]
    fn a_disk_without_inodes_takes_no_file() {
        let disk = Disk::new("size=1m,nr_inodes=2");
        assert_eq!(write_inside(&disk, "one", 1), Some(0));
        assert_ne!(write_inside(&disk, "two", 1), Some(0));
    }

    #[test]
    fn a_read_only_disk_can_be_read() {
        let disk = Disk::new("size=64k");
        assert_eq!(write_inside(&disk, "before", 1), Some(0));
        disk.remount("ro");
        assert_ne!(write_inside(&disk, "after", 1), Some(0));
        let reading = Project::new().program("cat", ["before"]).dir(disk.path());
        assert_eq!(disk.inside(&reading).run().success().stdout().len(), 1 << 10);
    }

    #[test]
    fn nothing_stays_mounted() {
        let disk = Disk::new("size=64k");
        let seen = disk.seen_from_outside();
        assert!(seen.exists());
        drop(disk);
        assert!(!seen.exists());
    }
}
