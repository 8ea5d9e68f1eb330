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
    to.append(UInt32(0))
    to.append(UInt64(image.lowerBound))
    to.append(UInt64(label.lowerBound))
    return to.bytes
  }

  init(entry: SliceEntry, shard: Int, image: Range<Int>, label: Range<Int>) {
    (self.entry, self.shard, self.image, self.label) = (entry, shard, image, label)
  }

  init(_ record: RecordView) {
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
