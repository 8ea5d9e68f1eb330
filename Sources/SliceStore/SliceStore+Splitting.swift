import Zarr

extension SliceStore {
  /// Replaces the split of the store at `path`; no shard is touched.
  ///
  /// Throws `split` when a patient of the store is given no part. Stores opened before keep the
  /// split they read.
  public static func replaceSplit(at path: String, with split: [String: SplitPart]) throws {
    let lock = try StoreFolder(path)
    let store = try SliceStore(path)
    let text = try SplitTable.text(store.volumes, split)
    let files = try Manifest(path: path + "/manifest").files.filter { $0.path != "split.tsv" }
    let manifest = Manifest(files + [("split.tsv", FileDigest(of: text))])
    try writeFile(text, to: path + "/split.tsv")
    try writeFile(manifest.text, to: path + "/manifest")
    withExtendedLifetime(lock) {}
  }
}
