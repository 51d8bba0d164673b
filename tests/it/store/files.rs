//! One suite for both file systems, and what a simulated power cut keeps.

use dbsnap::fsio::{
    Disk, FileKind, FileSystem, LockMode, Simulated, is_temp_name, read_whole, temp_name, write_durably,
};
use std::io::ErrorKind;
use std::path::Path;

/// What the store relies on, on any file system.
fn conforms(fs: &dyn FileSystem, root: &Path) {
    let dir = root.join("dir");
    fs.create_dir(&dir).unwrap();
    assert_eq!(fs.create_dir(&dir).unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(fs.stat(&dir).unwrap().unwrap().kind, FileKind::Dir);
    let (one, two) = (dir.join("one"), dir.join("two"));
    assert_eq!(fs.open(&one).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(fs.remove(&one).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(fs.stat(&one).unwrap(), None);

    let file = fs.create(&one).unwrap();
    assert_eq!(fs.create(&one).unwrap_err().kind(), ErrorKind::AlreadyExists);
    file.write_at(0, b"hello").unwrap();
    file.write_at(5, b" world").unwrap();
    file.sync().unwrap();
    assert_eq!(file.len().unwrap(), 11);
    let mut buf = [0u8; 5];
    file.read_at(6, &mut buf).unwrap();
    assert_eq!(&buf, b"world");
    assert_eq!(file.read_at(7, &mut buf).unwrap_err().kind(), ErrorKind::UnexpectedEof);

    fs.rename(&one, &two).unwrap();
    fs.sync_dir(&dir).unwrap();
    assert_eq!(read_whole(fs, &two, 11).unwrap(), b"hello world");
    assert_eq!(read_whole(fs, &two, 10).unwrap_err().kind(), ErrorKind::FileTooLarge);
    write_durably(fs, root, &two, b"instead").unwrap();
    assert_eq!(read_whole(fs, &two, 100).unwrap(), b"instead");
    // Who had it open still sees the old file.
    file.read_at(0, &mut buf).unwrap();
    assert_eq!(&buf, b"hello");
    let listed = fs.list(&dir).unwrap();
    assert_eq!(listed.iter().map(|entry| (entry.name.as_str(), entry.stat.len)).collect::<Vec<_>>(), [("two", 7)]);
    assert_eq!(fs.list(&root.join("absent")).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(fs.open(&dir).unwrap_err().kind(), ErrorKind::InvalidInput);
    // A write that cannot be finished leaves what was there, and no litter.
    assert!(write_durably(fs, root, &root.join("absent/file"), b"x").is_err());
    assert_eq!(fs.list(root).unwrap().len(), 1);

    let shared = fs.lock(&two, LockMode::Read).unwrap().unwrap();
    let also = fs.lock(&two, LockMode::Write).unwrap().unwrap();
    assert!(fs.lock(&two, LockMode::Exclusive).unwrap().is_none());
    drop((shared, also));
    let alone = fs.lock(&two, LockMode::Exclusive).unwrap().unwrap();
    assert!(fs.lock(&two, LockMode::Read).unwrap().is_none());
    assert!(alone.holds().unwrap());
    write_durably(fs, root, &two, b"another file").unwrap();
    assert!(!alone.holds().unwrap());
    fs.remove(&two).unwrap();
    assert!(!alone.holds().unwrap());
    assert_eq!(fs.lock(&two, LockMode::Read).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn the_disk_conforms() {
    let dir = tempfile::TempDir::new().unwrap();
    conforms(&Disk, dir.path());
}

#[test]
fn the_simulated_machine_conforms() {
    let machine = Simulated::new();
    machine.create_dir(Path::new("/root")).unwrap();
    conforms(&machine, Path::new("/root"));
}

#[test]
fn a_power_cut_takes_what_was_not_synced_and_only_that() {
    let (safe, name, data) = (Path::new("/safe"), Path::new("/name"), Path::new("/data"));
    let mut outcomes = std::collections::HashSet::new();
    for seed in 0..200 {
        let machine = Simulated::new();
        write_durably(&machine, Path::new("/"), safe, &[1; 2000]).unwrap();
        let unsynced = machine.create(data).unwrap();
        machine.sync_dir(Path::new("/")).unwrap();
        unsynced.write_at(0, &[2; 2000]).unwrap();
        machine.create(name).unwrap().sync().unwrap();
        machine.reboot(seed);
        assert_eq!(machine.read(safe).unwrap(), [1; 2000]);
        let found = machine.read(data).unwrap();
        assert!(found.chunks(512).all(|sector| sector.iter().all(|b| *b == sector[0]) && sector[0] % 2 == 0));
        assert!(unsynced.len().is_err(), "what was open before the cut is dead");
        outcomes.insert((found.len(), found.iter().filter(|b| **b == 2).count(), machine.read(name).is_some()));
    }
    assert!(outcomes.contains(&(0, 0, false)) && outcomes.contains(&(2000, 2000, true)) && outcomes.len() > 10);
}

#[test]
fn a_failed_sync_is_not_made_good_by_a_second() {
    let machine = Simulated::new();
    let file = machine.create(Path::new("/file")).unwrap();
    machine.sync_dir(Path::new("/")).unwrap();
    file.write_at(0, b"bytes").unwrap();
    machine.fail_at(machine.operations() + 1, ErrorKind::Other, false);
    file.sync().unwrap_err();
    file.sync().unwrap();
    machine.reboot(1);
    assert_eq!(machine.read(Path::new("/file")).unwrap(), b"");
}

#[test]
fn temporary_names_are_told_from_others() {
    let names: std::collections::HashSet<String> = (0..1000).map(|_| temp_name()).collect();
    assert_eq!(names.len(), 1000);
    assert!(names.iter().all(|name| is_temp_name(name)));
    for name in ["0123456789abcdef", "0123456789abcde.tmp", "0123456789ABCDEF.tmp", "notes.tmp", "../456789abcdef.tmp"]
    {
        assert!(!is_temp_name(name));
    }
}
