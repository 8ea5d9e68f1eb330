import Foundation
import Synchronization
import Zarr

/// Little-endian numbers behind one another, for the fixed records of the flat files.
struct RecordBytes {
  private(set) var bytes: [UInt8] = []

  mutating func append<Number: FixedWidthInteger>(_ value: Number) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func append(_ value: Double) { append(value.bitPattern) }
  mutating func append(_ value: Float) { append(value.bitPattern) }

  /// ASCII in a field of `width` bytes, zeros behind it.
  mutating func append(_ text: String, width: Int) {
    bytes.append(contentsOf: text.utf8)
    bytes.append(contentsOf: repeatElement(0, count: width - text.utf8.count))
  }
}

/// A flat file of fixed records: a header of 64 bytes (magic, version, record size, count, four
/// numbers of the file's own), the records, and the CRC-32C of all that stands before it.
///
/// It is mapped, not read: what is never asked for costs no memory, and of a large file no more than
/// some 64 MiB stay in the process's memory at a time. Of a large file, records are best read one by
/// one (``withRecord(_:_:)``): mapping a page that nobody has touched takes the system longer.
final class RecordFile: Sendable {
  static let version: UInt32 = 1
  static let headerSize = 64

  let path: String
  let count: Int
  let recordSize: Int
  /// Four numbers whose meaning is the file's own.
  let extras: [Int]
  private nonisolated(unsafe) let base: UnsafeRawPointer  // read-only memory
  private let length: Int
  /// Of a large file.
  private let file: OpenFile?
  private let reads = Atomic<Int>(0)
  /// Files up to this size stay mapped as a whole; of others, what was read is let go after so many
  /// reads, each of which may map the 2 MiB around it.
  static let small = 64 << 20
  private static let readsKept = 32

  static func header(magic: String, recordSize: Int, count: Int, extras: [Int]) -> [UInt8] {
    var header = RecordBytes()
    header.append(magic, width: 8)
    header.append(version)
    header.append(UInt32(recordSize))
    header.append(UInt64(count))
    for i in 0..<4 { header.append(UInt32(i < extras.count ? extras[i] : 0)) }
    return header.bytes + [UInt8](repeating: 0, count: headerSize - header.bytes.count)
  }

  /// Maps the file and checks its lengths; its checksum too, unless each record has `ownChecksums`.
  init(
    _ path: String, magic: String, ownChecksums: Bool = false, small: Int = RecordFile.small
  ) throws {
    self.path = path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw errno == ENOENT
        ? ZarrError.missing(path: path) : .system(path: path, verb: "open", code: errno)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      Int(status.st_size) >= Self.headerSize + 4
    else { throw StoreError.damaged(path: path, reason: "too short for its header") }
    length = Int(status.st_size)
    guard let map = mmap(nil, length, PROT_READ, MAP_PRIVATE, descriptor, 0), map != MAP_FAILED
    else { throw ZarrError.system(path: path, verb: "map", code: errno) }
    file = length > small ? try? OpenFile(path) : nil
    base = UnsafeRawPointer(map)
    let view = UnsafeRawBufferPointer(start: base, count: length)
    recordSize = Int(Self.load(view, 12, as: UInt32.self))
    count = Int(truncatingIfNeeded: Self.load(view, 16, as: UInt64.self))
    extras = (0..<4).map { Int(Self.load(view, 24 + 4 * $0, as: UInt32.self)) }
    let reason =
      Self.fault(view, magic: magic, recordSize: recordSize, count: count)
      ?? (ownChecksums ? nil : Self.checksumFault(view))
    if let reason { throw StoreError.damaged(path: path, reason: reason) }
  }

  // Also when the initializer throws with all properties set: unmapped there too, the place may by then
  // be another thread's memory.
  deinit { munmap(UnsafeMutableRawPointer(mutating: base), length) }

  private static func fault(
    _ view: UnsafeRawBufferPointer, magic: String, recordSize: Int, count: Int
  ) -> String? {
    guard view.prefix(8).elementsEqual(magic.utf8) else { return "another kind of file" }
    let found = load(view, 8, as: UInt32.self)
    guard found == version else { return "version \(found), not \(version)" }
    let (body, overflow) = recordSize.multipliedReportingOverflow(by: count)
    guard recordSize > 0, count >= 0, !overflow, body == view.count - headerSize - 4 else {
      return "its length does not fit its \(count) records"
    }
    return nil
  }

  private static func checksumFault(_ view: UnsafeRawBufferPointer) -> String? {
    let sum = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: view.dropLast(4)))
    return sum == load(view, view.count - 4, as: UInt32.self) ? nil : "its crc32c does not match"
  }

  private static func load<Number: FixedWidthInteger>(
    _ view: UnsafeRawBufferPointer, _ at: Int, as: Number.Type
  ) -> Number { Number(littleEndian: view.loadUnaligned(fromByteOffset: at, as: Number.self)) }

  /// The bytes of one record.
  func record(_ i: Int) -> RecordView {
    precondition(i >= 0 && i < count, "no such record")
    if length > Self.small,
      reads.add(1, ordering: .relaxed).oldValue % Self.readsKept == Self.readsKept - 1
    {
      madvise(UnsafeMutableRawPointer(mutating: base), length, MADV_DONTNEED)
    }
    return RecordView(
      UnsafeRawBufferPointer(
        start: base + Self.headerSize + i * recordSize, count: recordSize))
  }
}

extension RecordFile {
  /// Lends one record, whose own checksum tells whether it could be read.
  func withRecord<Result>(_ i: Int, _ body: (RecordView) -> Result) -> Result {
    guard let file else { return body(record(i)) }
    precondition(i >= 0 && i < count, "no such record")
    return withUnsafeTemporaryAllocation(byteCount: recordSize, alignment: 8) { room in
      do throws(ZarrError) {
        try file.read(at: Self.headerSize + i * recordSize, into: room)
      } catch {
        room.initializeMemory(as: UInt8.self, repeating: 0)
      }
      return body(RecordView(UnsafeRawBufferPointer(room)))
    }
  }
}

/// One record, read field by field; valid as long as its file or array is.
struct RecordView {
  let bytes: UnsafeRawBufferPointer

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  func load<Number: FixedWidthInteger>(_ at: Int, as: Number.Type = Number.self) -> Number {
    Number(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: Number.self))
  }

  func double(_ at: Int) -> Double { Double(bitPattern: load(at)) }
  func float(_ at: Int) -> Float { Float(bitPattern: load(at)) }

  func text(_ at: Int, width: Int) -> String {
    String(decoding: bytes[at..<at + width].prefix { $0 != 0 }, as: UTF8.self)
  }
}

/// Writes a flat file record by record; the number of records is said beforehand.
final class RecordFileWriter {
  private let file: DurableFile
  private var sum = CRC32C()
  private var buffer: [UInt8] = []

  init(_ path: String, magic: String, recordSize: Int, count: Int, extras: [Int] = []) throws {
    file = try DurableFile(path)
    try append(
      RecordFile.header(magic: magic, recordSize: recordSize, count: count, extras: extras))
  }

  func append(_ bytes: [UInt8]) throws {
    buffer += bytes
    if buffer.count >= 1 << 16 { try flush() }
  }

  func finish(syncing: Bool = true) throws -> FileDigest {
    try flush()
    try file.write(withUnsafeBytes(of: sum.value.littleEndian) { [UInt8]($0) })
    return try file.commit(syncing: syncing)
  }

  private func flush() throws {
    buffer.withUnsafeBytes { sum.update($0) }
    try file.write(buffer)
    buffer.removeAll(keepingCapacity: true)
  }
}
