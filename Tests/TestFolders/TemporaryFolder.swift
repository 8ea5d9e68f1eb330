import Foundation

/// A new empty folder that goes away with its last reference.
public final class TemporaryFolder: Sendable {
  /// Where it is.
  public let path: String

  /// Makes the folder; in memory where that is asked for and possible, since writers of stores sync every file.
  public init(inMemory: Bool = false) {
    let memory = inMemory && FileManager.default.isWritableFile(atPath: "/dev/shm")
    path = (memory ? "/dev/shm" : NSTemporaryDirectory()) + "/lamina-" + UUID().uuidString
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of something in the folder.
  public static func / (folder: TemporaryFolder, below: String) -> String {
    folder.path + "/" + below
  }

  /// A path in the folder that nothing has yet.
  public func new(_ suffix: String = "") -> String { self / (UUID().uuidString + suffix) }
}

/// Runs `body` with a new folder that is gone afterwards.
public func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = TemporaryFolder()
  return try withExtendedLifetime(folder) { try body(folder.path) }
}
