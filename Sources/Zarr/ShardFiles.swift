import Foundation
import Synchronization

/// The shards of one array that lie along its first axis, opened when they are first read and kept
/// open; read from any number of threads without a lock.
///
/// Where the system does not let the process have so many files, some shards are opened at each
/// read instead: in random order no choice of those that stay open would be better than another.
/// A quarter of the files that the process may have is left to others than shards.
public final class ShardFiles: Sendable {
  private let folder: String
  private let metadata: ArrayMetadata
  private nonisolated(unsafe) let table: UnsafeMutablePointer<Atomic<UInt>>
  private let count: Int
  private let room: Atomic<Int>
  /// In the whole process: shards that there are, those that stay open, and how many may.
  private static let all = Atomic<Int>(0)
  private static let open = Atomic<Int>(0)
  private static let most = Atomic<Int>(0)

  /// Describes the shards below `folder`; opens none. At most `mostOpen` will stay open, by default as
  /// many as the system lets.
  public init(_ folder: String, metadata: ArrayMetadata, mostOpen: Int? = nil) {
    (self.folder, self.metadata) = (folder, metadata)
    count = metadata.shardGrid[0]
    precondition(metadata.shardGrid.dropFirst().allSatisfy { $0 == 1 }, "shards in several rows")
    table = .allocate(capacity: count)
    for i in 0..<count { (table + i).initialize(to: Atomic(0)) }
    room = Atomic(mostOpen ?? count)
    let all = Self.all.add(count, ordering: .relaxed).newValue
    Self.most.store(Self.allowance(all), ordering: .relaxed)
  }

  deinit {
    for i in 0..<count {
      let known = table[i].load(ordering: .relaxed)
      if let file = UnsafeRawPointer(bitPattern: known) {
        Unmanaged<OpenFile>.fromOpaque(file).release()
        Self.open.subtract(1, ordering: .relaxed)
      }
    }
    Self.all.subtract(count, ordering: .relaxed)
    table.deinitialize(count: count)
    table.deallocate()
  }

  /// Reads and unpacks a chunk of shard `shard`; `chunk` names it in errors.
  public func read(
    _ place: Range<Int>, shard: Int, chunk: @autoclosure () -> String,
    into target: UnsafeMutableRawBufferPointer
  ) throws(ZarrError) {
    try withFile(shard) { file throws(ZarrError) in
      try file.read(place, codec: metadata.codec, chunk: chunk(), into: target)
    }
  }

  /// Tells the system that a part of a shard will be read soon; what goes wrong shows at reading.
  public func willRead(_ place: Range<Int>, shard: Int) {
    try? withFile(shard) { file throws(ZarrError) in file.willRead(place) }
  }

  private func withFile(
    _ shard: Int, _ body: (OpenFile) throws(ZarrError) -> Void
  ) throws(ZarrError) {
    guard shard >= 0, shard < count else {
      throw .corrupt(path: folder, reason: "a slice in shard \(shard), which it does not have")
    }
    // A file is only ever put into the table, so what is found there outlives this call.
    if let known = UnsafeRawPointer(bitPattern: table[shard].load(ordering: .acquiring)) {
      let file = Unmanaged<OpenFile>.fromOpaque(known)
      let result = file._withUnsafeGuaranteedRef { file in
        Result { () throws(ZarrError) in try body(file) }
      }
      return try result.get()
    }
    let place = [shard] + Array(repeating: 0, count: metadata.shape.count - 1)
    let file = try OpenFile(folder + "/" + metadata.key(ofShard: place))
    file.expectRandomReads()
    keep(file, shard)
    try body(file)
  }

  private func keep(_ file: OpenFile, _ shard: Int) {
    guard takeRoom() else { return }
    let pointer = Unmanaged.passRetained(file)
    let (mine, _) = table[shard].compareExchange(
      expected: 0, desired: UInt(bitPattern: pointer.toOpaque()), ordering: .acquiringAndReleasing)
    if !mine {
      pointer.release()
      giveRoom()
    }
  }

  private func takeRoom() -> Bool {
    let (here, open) = (
      room.subtract(1, ordering: .relaxed).newValue,
      Self.open.add(1, ordering: .relaxed).newValue
    )
    if here >= 0 && open <= Self.most.load(ordering: .relaxed) { return true }
    giveRoom()
    return false
  }

  private func giveRoom() {
    room.add(1, ordering: .relaxed)
    Self.open.subtract(1, ordering: .relaxed)
  }

  /// How many of `wanted` files may stay open: three quarters of what the process may have, which is
  /// raised as far as the system lets it when that is too little.
  private static func allowance(_ wanted: Int) -> Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 64 }
    let enough = rlim_t(wanted) * 2 + 1024
    if limit.rlim_cur < enough, limit.rlim_cur < limit.rlim_max {
      limit.rlim_cur = min(limit.rlim_max, enough)
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
    return Int(min(limit.rlim_cur, 1 << 30) / 4 * 3)
  }
}
