import Zarr

extension PreparedVolume {
  /// All slices in 16 bits, `K×C×H×W`, made by so many threads: the same for any number of them.
  public func images(threads: Int = 1) -> [Int16] {
    gathered(perSlice: channels * geometry.canvas.sliceCount, threads: threads) { image(slice: $0) }
  }

  /// The classes of all slices, `K×H×W`; nil without a mask.
  public func labels(threads: Int = 1) -> [UInt8]? {
    guard hasLabel else { return nil }
    return gathered(perSlice: geometry.canvas.sliceCount, threads: threads) {
      label(slice: $0) ?? []
    }
  }

  private func gathered<Value: Sendable>(
    perSlice size: Int, threads: Int, _ slice: @Sendable (Int) -> [Value]
  ) -> [Value] {
    let workers = min(max(1, threads), sliceCount)
    return [Value](unsafeUninitializedCapacity: sliceCount * size) { target, count in
      // Each slice has a place of its own, so the workers never meet.
      nonisolated(unsafe) let target = target
      concurrently(workers) { worker in
        for k in stride(from: worker, to: sliceCount, by: workers) {
          _ = target[k * size..<(k + 1) * size].initialize(from: slice(k))
        }
      }
      count = sliceCount * size
    }
  }
}
