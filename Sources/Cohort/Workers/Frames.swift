import CWorker
import Foundation

/// Messages between parent and worker: four bytes of length, little endian, then a packed value.
package enum Frames {
  /// The longest message either side accepts.
  static let limit = 64 << 20

  package static func encode(_ message: some Encodable) throws -> [UInt8] {
    var bytes = try PackedEncoder.encode(message, room: 4)
    let length = UInt32(bytes.count - 4)
    bytes.withUnsafeMutableBytes { $0.storeBytes(of: length.littleEndian, as: UInt32.self) }
    return bytes
  }

  package static func decode<Message: Decodable>(_ type: Message.Type, _ body: [UInt8]) throws
    -> Message
  {
    try PackedDecoder.decode(type, body)
  }

  package static func length(_ head: [UInt8]) -> Int {
    head.reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  /// Reads just `count` bytes, or nil when the other side has closed or the deadline has passed.
  package static func receive(_ control: Int32, _ count: Int, until deadline: Deadline) -> [UInt8]?
  {
    var bytes = [UInt8]()
    // Grows with what arrives: a length alone must not make the parent allocate.
    bytes.reserveCapacity(min(count, 1 << 16))
    var piece = [UInt8](repeating: 0, count: min(max(count, 1), 1 << 16))
    while bytes.count < count {
      guard worker_poll(control, deadline.millisecondsLeft) == 1 else { return nil }
      let wanted = min(piece.count, count - bytes.count)
      let got = read(control, &piece, wanted)
      if got < 0 && (errno == EINTR || errno == EAGAIN) { continue }
      guard got > 0 else { return nil }
      bytes.append(contentsOf: piece.prefix(got))
    }
    return bytes
  }
}

/// What has come from a worker and has not been taken yet: one read brings many short messages.
struct Inbox {
  private var bytes: [UInt8] = []
  private var start = 0
  private var piece = [UInt8](repeating: 0, count: 1 << 16)

  var isEmpty: Bool { start == bytes.count }

  /// Takes just `count` bytes; nil when the other side has closed or the deadline has passed.
  ///
  /// It grows with what arrives: a length alone must not make the parent allocate.
  mutating func take(_ count: Int, from control: Int32, until deadline: Deadline) -> [UInt8]? {
    while bytes.count - start < count {
      if start > 0 {
        bytes.removeFirst(start)
        start = 0
      }
      guard worker_poll(control, deadline.millisecondsLeft) == 1 else { return nil }
      let got = read(control, &piece, piece.count)
      if got < 0 && (errno == EINTR || errno == EAGAIN) { continue }
      guard got > 0 else { return nil }
      bytes.append(contentsOf: piece[..<got])
    }
    defer { start += count }
    return Array(bytes[start..<start + count])
  }

  mutating func empty() {
    bytes.removeAll()
    start = 0
  }
}

/// A moment on the monotonic clock.
package struct Deadline {
  private let end: UInt64

  /// So many seconds from now.
  package init(seconds: Double) {
    let nanoseconds = max(0, min(seconds, 1e8)) * 1e9
    end = DispatchTime.now().uptimeNanoseconds + UInt64(nanoseconds)
  }

  package static let never = Deadline(seconds: 1e8)

  var millisecondsLeft: Int32 {
    let now = DispatchTime.now().uptimeNanoseconds
    return now >= end ? 0 : Int32(min((end - now) / 1_000_000 + 1, 1 << 30))
  }

  var isPast: Bool { millisecondsLeft == 0 }
}
