import Imaging
import Zarr

/// The volumes of a slice store, in the order of their slices; each record is made when it is asked
/// for, so that a store of any size opens at once.
public struct SliceVolumes: RandomAccessCollection, Sendable {
  private let file: RecordFile
  private let channels: Int
  /// How many slices they have together.
  let sliceCount: Int

  /// Maps `volumes.index` and checks every record of it.
  init(_ path: String, _ attributes: SliceStoreAttributes) throws {
    file = try RecordFile(
      path + "/volumes.index", magic: SliceVolumeRecord.magic, ownChecksums: true)
    channels = attributes.channels
    var next = 0
    for i in 0..<file.count {
      let span = SliceVolumeRecord.slices(of: file.record(i), in: attributes)
      guard let span, span.lowerBound == next else {
        throw StoreError.damaged(path: file.path, reason: "record \(i) is wrong")
      }
      next = span.upperBound
    }
    sliceCount = next
  }

  /// 0.
  public var startIndex: Int { 0 }
  /// How many there are.
  public var endIndex: Int { file.count }

  /// The record of a volume.
  public subscript(i: Int) -> SliceVolumeRecord {
    SliceVolumeRecord(checked: file.record(i), channels: channels)
  }

  /// The fields of a record that name the volume and its patient, as they stand in the file.
  func names(_ i: Int) -> (volume: NameField, patient: NameField) {
    let record = file.record(i)
    return (NameField(record, at: 0), NameField(record, at: 32))
  }

  /// What the flat index should say of a slice.
  func entry(ofSlice n: Int) -> SliceEntry {
    var (low, high) = (0, file.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if Int(file.record(middle).load(288, as: UInt64.self)) <= n {
        low = middle
      } else {
        high = middle
      }
    }
    let volume = self[low]
    let k = n - volume.firstSlice
    return SliceEntry(
      volume: low, index: k, position: Float(volume.canvas.position(ofSlice: k)),
      hasLabel: volume.hasLabel)
  }
}

/// A name of at most 32 characters in a fixed record, zeros behind it.
struct NameField: Hashable {
  private let words: SIMD4<UInt64>

  init(_ record: RecordView, at: Int) {
    words = record.bytes.loadUnaligned(fromByteOffset: at, as: SIMD4<UInt64>.self)
  }

  init?(_ name: UnsafeRawBufferPointer) {
    guard name.count <= 32 else { return nil }
    var words = SIMD4<UInt64>()
    withUnsafeMutableBytes(of: &words) { $0.copyMemory(from: name) }
    self.words = words
  }
}
