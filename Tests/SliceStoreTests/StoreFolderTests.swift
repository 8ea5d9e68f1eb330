import Foundation
import SliceStore
import TestFolders
import Testing

/// The folder of a store that is being written, and its lock.
@Suite struct StoreFolderTests {
  let folder: TemporaryFolder
  init() throws { folder = TemporaryFolder(inMemory: true) }

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

  /// So it has until it runs its own program, which closes it.
  @Test func aLockIsLetGoAlthoughAProcessBeingStartedHasACopyOfIt() throws {
    let path = folder.path + "/done.zarr"
    var writer: StoreFolder? = try StoreFolder(path)
    let own = try #require(
      (3..<1024).first { descriptor in
        let target = try? FileManager.default.destinationOfSymbolicLink(
          atPath: "/proc/self/fd/\(descriptor)")
        return target == path
      })
    let copy = dup(Int32(own))
    defer { close(copy) }
    #expect(throws: StoreError.busy(path: path)) { try StoreFolder(path) }
    withExtendedLifetime(writer) {}
    writer = nil
    _ = try StoreFolder(path)
  }
}
