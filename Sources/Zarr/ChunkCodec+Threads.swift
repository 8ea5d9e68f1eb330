extension ChunkCodec {
  /// Packs chunks on so many threads and hands them over in order; some megabytes of them are in memory
  /// at a time, whatever their number.
  ///
  /// `chunk` is asked from several threads at once for memory that lives until the end. The chunks are
  /// of one kind, such as slices of a volume: the middle one tells how all are best packed.
  public func encodeEach<Failure: Error>(
    _ chunks: Range<Int>, threads: Int, chunk: (Int) -> UnsafeRawBufferPointer,
    _ body: (Int, UnsafeRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    guard !chunks.isEmpty else { return }
    let plain = PlainStreams(
      tryingOn: chunk(chunks.lowerBound + chunks.count / 2), self, ChunkContext.current)
    guard threads > 1, chunks.count > 1 else {
      for i in chunks {
        try withEncoded(chunk(i), plain: plain) { packed throws(Failure) in try body(i, packed) }
      }
      return
    }
    let size = max(1, chunk(chunks.lowerBound).count)
    let most = max(8 * threads, Self.windowBytes / size)
    for start in stride(from: chunks.lowerBound, to: chunks.upperBound, by: most) {
      let window = start..<min(start + most, chunks.upperBound)
      let packed = encodeAll(window, plain, threads: threads, chunk)
      for (i, bytes) in zip(window, packed) {
        let result = bytes.withUnsafeBytes { bytes in
          Result { () throws(Failure) in try body(i, bytes) }
        }
        try result.get()
      }
    }
  }

  /// Unpacked bytes that threads are begun for, so that beginning them costs little.
  private static let windowBytes = 16 << 20

  private func encodeAll(
    _ window: Range<Int>, _ plain: PlainStreams, threads: Int,
    _ chunk: (Int) -> UnsafeRawBufferPointer
  ) -> [[UInt8]] {
    var packed = [[UInt8]](repeating: [], count: window.count)
    packed.withUnsafeMutableBufferPointer { target in
      // Each chunk has a place of its own, so the threads never meet.
      nonisolated(unsafe) let target = target
      nonisolated(unsafe) let chunk = chunk
      let workers = min(threads, window.count)
      concurrently(workers) { worker in
        for i in stride(from: worker, to: target.count, by: workers) {
          target[i] = encode(chunk(window.lowerBound + i), plain: plain)
        }
      }
    }
    return packed
  }
}
