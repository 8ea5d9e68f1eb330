import Zarr

/// One slice of a slice store, out of the flat index.
public struct SliceEntry: Sendable, Equatable {
  /// The volume's ordinal in ``SliceStore/volumes``.
  public var volume: Int
  /// Which of the volume's slices it is.
  public var index: Int
  /// Its place in millimetres along the normal of the volume's slices.
  public var position: Float
  /// Whether it is labelled.
  public var hasLabel: Bool
}

/// One record of a slice store's `slices.index`: 48 bytes.
struct SliceIndexRecord: Equatable {
  static let magic = "LAMSLICE"
  static let size = 48

  var entry: SliceEntry
  var shard: Int
  var image: Range<Int>
  /// Empty where the slice is not labelled.
  var label: Range<Int>

  var bytes: [UInt8] {
    var to = RecordBytes()
    to.append(UInt32(entry.volume))
    to.append(UInt32(entry.index))
    to.append(entry.position)
    to.append(UInt32(entry.hasLabel ? 1 : 0))
    to.append(UInt32(shard))
    to.append(UInt32(image.count))
    to.append(UInt32(label.count))
    let front = to.bytes
    var back = RecordBytes()
    back.append(UInt64(image.lowerBound))
    back.append(UInt64(label.lowerBound))
    to.append(CRC32C.checksum(front + back.bytes))
    return to.bytes + back.bytes
  }

  init(entry: SliceEntry, shard: Int, image: Range<Int>, label: Range<Int>) {
    (self.entry, self.shard, self.image, self.label) = (entry, shard, image, label)
  }

  /// Reads a record; nil when its checksum, which covers all but itself, does not match.
  init?(_ record: RecordView) {
    var sum = CRC32C()
    sum.update(UnsafeRawBufferPointer(rebasing: record.bytes[..<28]))
    sum.update(UnsafeRawBufferPointer(rebasing: record.bytes[32...]))
    guard sum.value == record.load(28, as: UInt32.self) else { return nil }
    func number(_ at: Int) -> Int { Int(record.load(at, as: UInt32.self)) }
    func range(_ start: Int, _ count: Int) -> Range<Int> {
      let from = Int(record.load(start, as: UInt64.self) & 0xFFFF_FFFF_FFFF)
      return from..<from + number(count)
    }
    entry = SliceEntry(
      volume: number(0), index: number(4), position: record.float(8),
      hasLabel: number(12) & 1 == 1)
    shard = number(16)
    image = range(32, 20)
    label = range(40, 24)
  }
}
