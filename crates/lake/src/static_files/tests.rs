use std::fs;

use super::*;

async fn content(files: &StaticFiles, file: &StaticFile) -> Result<Vec<u8>> {
    let chunks: Vec<Bytes> = files.read(file).await?.chunks.try_collect().await?;
    Ok(chunks.concat())
}

#[tokio::test]
async fn files_of_a_folder_are_read_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("later");
    let uri = format!("file://{}", root.display());
    let files = StaticFiles::open(&uri, []).unwrap();
    let error = files.list(10).await.unwrap_err();
    assert!(!error.to_string().contains("later"), "{error}");
    assert!(!root.exists(), "nothing is created");

    fs::create_dir_all(root.join("a folder")).unwrap();
    fs::write(root.join("a folder/x 50% é.csv"), "a\n1\n").unwrap();
    fs::write(root.join("z.json"), "{}").unwrap();
    let mut listed = files.list(10).await.unwrap();
    listed.sort_by(|a, b| a.path().cmp(b.path()));
    let paths: Vec<&str> = listed.iter().map(StaticFile::path).collect();
    assert_eq!(paths, ["a folder/x 50% é.csv", "z.json"]);
    assert_eq!(listed[0].bytes, 4);
    assert_eq!(content(&files, &listed[0]).await.unwrap(), b"a\n1\n");
    assert_eq!(files.list(1).await.unwrap().len(), 1);

    fs::write(root.join("z.json"), "{\"a\": 1}").unwrap();
    let again = files.list(10).await.unwrap();
    let changed: Vec<_> = again.iter().filter(|file| !listed.contains(file)).collect();
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0].path(), "z.json");
    fs::remove_dir_all(&root).unwrap();
    assert!(content(&files, &listed[1]).await.is_err());
}

#[tokio::test]
async fn a_store_is_never_printed() {
    let options = [
        ("AWS_SECRET_ACCESS_KEY", "hunter2"),
        ("AWS_ACCESS_KEY_ID", "key"),
    ];
    let options = options.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let files = StaticFiles::open("s3://bucket/prefix", options).unwrap();
    assert_eq!(format!("{files:?}"), "StaticFiles { .. }");
    assert!(StaticFiles::open("s3://key:hunter2@bucket", []).is_err());
    let memory = StaticFiles::open("memory:///", []).unwrap();
    assert!(memory.list(1).await.unwrap().is_empty());
}
