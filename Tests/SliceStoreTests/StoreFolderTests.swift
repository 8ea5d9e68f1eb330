import Foundation
import SliceStore
import Testing

/// The folder of a store that is being written, and its lock.
@Suite struct StoreFolderTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// A descriptor closed twice may be another thread's file the second time.
  @Test func aRefusedWriterClosesItsFolderOnce() throws {
    let path = folder.path + "/busy.zarr"
    let writer = try StoreFolder(path)
    for _ in 0..<20 {
      errno = 0
      let isRefused = (try? StoreFolder(path)) == nil
      let code = errno
      #expect(isRefused && code != EBADF)
    }
    withExtendedLifetime(writer) {}
  }
}
