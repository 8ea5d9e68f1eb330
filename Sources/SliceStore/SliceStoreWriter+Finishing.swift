import Zarr

extension SliceStoreWriter {
  /// Writes the last shard, the indices, the split and, last of all, the store's own metadata.
  ///
  /// `split` gives each patient of the store a part; throws `split` for one it lacks. Returns the
  /// store's digest.
  @discardableResult
  public func finish(split: [String: SplitPart]) throws -> String {
    if isComplete { return try SliceStore(path).digest }
    let table = try SplitTable.text(journal.volumes, split)
    try finishShard()
    var files = journal.files
    let image = SliceLayout.image(attributes, count: sliceCount)
    files.append(
      ("image/zarr.json", try ArrayWriter(path + "/image", metadata: image).writeMetadata()))
    if attributes.hasLabels {
      let label = SliceLayout.label(attributes, count: sliceCount)
      files.append(
        ("label/zarr.json", try ArrayWriter(path + "/label", metadata: label).writeMetadata()))
    }
    files.append(("slices.index", try writeIndex()))
    files.append(("volumes.index", try writeVolumes()))
    files.append(("split.tsv", try writeFile(table, to: path + "/split.tsv")))
    let document = try document()
    files.append(("zarr.json", FileDigest(of: document)))
    let manifest = Manifest(files)
    try writeFile(manifest.text, to: path + "/manifest")
    try writeFile(document, to: folder.metadata)
    try deleteTree(folder.writing)
    return manifest.digest
  }

  private func document() throws -> [UInt8] {
    var lamina = try JSON(encoding: attributes).members ?? [:]
    lamina["format"] = .string(SliceLayout.format)
    lamina["version"] = .int(SliceLayout.version)
    lamina["volumes"] = .int(volumeCount)
    lamina["slices"] = .int(sliceCount)
    return groupDocument(["lamina": .object(lamina)])
  }

  private func writeVolumes() throws -> FileDigest {
    let writer = try RecordFileWriter(
      path + "/volumes.index", magic: SliceVolumeRecord.magic,
      recordSize: SliceVolumeRecord.size(channels: attributes.channels), count: volumeCount,
      extras: [attributes.channels])
    for volume in journal.volumes { try writer.append(volume.bytes) }
    return try writer.finish()
  }

  /// The flat index, derived from the shards' own indices: one shard in memory at a time.
  private func writeIndex() throws -> FileDigest {
    let writer = try RecordFileWriter(
      path + "/slices.index", magic: SliceIndexRecord.magic, recordSize: SliceIndexRecord.size,
      count: sliceCount, extras: [attributes.slicesPerShard])
    let image = try ArrayReader(path + "/image", missingShards: .refuse)
    let label =
      attributes.hasLabels ? try ArrayReader(path + "/label", missingShards: .refuse) : nil
    var places: (shard: Int, image: ShardIndex?, label: ShardIndex?) = (-1, nil, nil)
    for (ordinal, volume) in journal.volumes.enumerated() {
      for k in 0..<volume.sliceCount {
        let n = volume.firstSlice + k
        let (shard, inner) = (n / attributes.slicesPerShard, n % attributes.slicesPerShard)
        if shard != places.shard {
          places = (
            shard, try image.open(shard: [shard, 0, 0, 0])?.index,
            try label?.open(shard: [shard, 0, 0])?.index
          )
        }
        guard let at = places.image?.places[inner] else {
          throw StoreError.damaged(path: path + "/image", reason: "no slice \(n)")
        }
        let entry = SliceEntry(
          volume: ordinal, index: k, position: Float(volume.canvas.position(ofSlice: k)),
          hasLabel: volume.hasLabel)
        let record = SliceIndexRecord(
          entry: entry, shard: shard, image: at, label: places.label?.places[inner] ?? 0..<0)
        try writer.append(record.bytes)
      }
    }
    return try writer.finish()
  }
}
