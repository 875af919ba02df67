use super::*;

#[test]
fn left_overs_go_and_what_is_in_use_stays() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("new/spill");
    let file = folder.join("datafusion-x/file");
    let write = || {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "rows").unwrap();
    };
    let first = SpillFolder::open(&folder).unwrap();
    write();
    fs::write(folder.join("datafusion-file"), "not a folder").unwrap();
    fs::create_dir(folder.join("foreign")).unwrap();
    let second = SpillFolder::open(&folder).unwrap();
    assert!(file.exists(), "the first process may need it");
    drop(first);
    let third = SpillFolder::open(&folder).unwrap();
    assert!(file.exists(), "the second process may need it");
    drop((second, third));
    SpillFolder::open(&folder).unwrap();
    assert!(!file.exists(), "nobody needs it");
    assert!(folder.join("foreign").exists() && folder.join("datafusion-file").exists());
}
