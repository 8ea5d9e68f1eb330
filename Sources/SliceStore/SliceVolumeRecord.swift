import Imaging
import Zarr

/// From real values of a channel to normalised ones:
/// `(min(max(real, lower), upper) − shift) / scale`.
public struct ChannelIntensity: Sendable, Equatable, Codable {
  /// Where values are cut.
  public var lower, upper: Double
  /// What is subtracted, and what the rest is divided by.
  public var shift, scale: Double

  /// Makes a mapping.
  public init(lower: Double, upper: Double, shift: Double, scale: Double) {
    (self.lower, self.upper, self.shift, self.scale) = (lower, upper, shift, scale)
  }
}

/// One volume of a slice store: where its slices are, and the way back to its source.
///
/// On disk a fixed record of `312 + 32 × channels` bytes in `volumes.index`.
public struct SliceVolumeRecord: Sendable, Equatable {
  static let magic = "LAMVOLUM"

  /// The volume's name in the cohort store and its patient's pseudonym: 32 characters at most.
  public var id, patient: String
  /// The grid that it was cut from, and that masks go back to.
  public var source: Grid
  /// The grid of its slices: x along rows, y down them, z from slice to slice; LPS millimetres.
  public var canvas: Grid
  /// The axis of the source that the slices were cut across: 0 is x, 1 is y, 2 is z.
  public var sliceAxis: Int
  /// The time point of the source; 0 where it has none.
  public var lead: Int
  /// The first of its slices in the store; set by the writer.
  public var firstSlice: Int
  /// How many slices it has: `canvas.size.z`.
  public var sliceCount: Int { canvas.size.z }
  /// Whether its slices are labelled; set by the writer.
  public var hasLabel: Bool
  /// How each channel's values were normalised.
  public var intensity: [ChannelIntensity]

  /// Describes a volume; the writer fills in the first slice and whether there are labels.
  public init(
    id: String, patient: String, source: Grid, canvas: Grid, sliceAxis: Int, lead: Int = 0,
    intensity: [ChannelIntensity], firstSlice: Int = 0, hasLabel: Bool = false
  ) {
    (self.id, self.patient, self.source, self.canvas) = (id, patient, source, canvas)
    (self.sliceAxis, self.lead, self.intensity) = (sliceAxis, lead, intensity)
    (self.firstSlice, self.hasLabel) = (firstSlice, hasLabel)
  }

  static func size(channels: Int) -> Int { 312 + 32 * channels }

  var bytes: [UInt8] {
    var to = RecordBytes()
    to.append(id, width: 32)
    to.append(patient, width: 32)
    for size in [source.size, canvas.size] {
      for axis in 0..<3 { to.append(UInt32(size[axis])) }
    }
    to.append(UInt8(sliceAxis))
    to.append(UInt8(hasLabel ? 1 : 0))
    to.append(UInt16(0))
    to.append(UInt32(lead))
    for affine in [source.affine, canvas.affine] {
      for column in [affine.x, affine.y, affine.z, affine.origin] {
        for axis in 0..<3 { to.append(column[axis]) }
      }
    }
    to.append(UInt64(firstSlice))
    to.append(UInt64(sliceCount))
    for channel in intensity {
      for value in [channel.lower, channel.upper, channel.shift, channel.scale] { to.append(value) }
    }
    to.append(UInt32(0))
    to.append(CRC32C.checksum(to.bytes))
    return to.bytes
  }

  /// Reads a record; nil when its checksum or its numbers are wrong.
  init?(_ record: RecordView, in store: SliceStoreAttributes) {
    guard Self.slices(of: record, in: store) != nil else { return nil }
    self.init(checked: record, channels: store.channels)
  }

  /// What a side of the source can be.
  static let sides = 1...1 << 20

  /// The slices of the volume that a record describes; nil when its checksum or its numbers are
  /// wrong: those of the canvas are the store's.
  static func slices(of record: RecordView, in store: SliceStoreAttributes) -> Range<Int>? {
    let raw = record.bytes
    guard raw.count == size(channels: store.channels) else { return nil }
    let body = UnsafeRawBufferPointer(rebasing: raw.dropLast(4))
    guard CRC32C.checksum(body) == record.load(raw.count - 4) as UInt32 else { return nil }
    func side(_ at: Int) -> Int { Int(record.load(at, as: UInt32.self)) }
    guard [64, 68, 72].allSatisfy({ sides.contains(side($0)) }),
      side(76) == store.width, side(80) == store.height
    else { return nil }
    let first = record.load(288, as: UInt64.self)
    let count = record.load(296, as: UInt64.self)
    guard record.load(88, as: UInt8.self) < 3, first < 1 << 40, count < 1 << 32,
      count == record.load(84, as: UInt32.self)
    else { return nil }
    return Int(first)..<Int(first + count)
  }

  /// Reads a record that has been checked.
  init(checked record: RecordView, channels: Int) {
    func size(_ at: Int) -> SIMD3<Int> {
      func number(_ i: Int) -> Int { Int(record.load(at + 4 * i, as: UInt32.self)) }
      return SIMD3(number(0), number(1), number(2))
    }
    func column(_ at: Int) -> SIMD3<Double> {
      SIMD3(record.double(at), record.double(at + 8), record.double(at + 16))
    }
    func affine(_ at: Int) -> Affine {
      Affine(x: column(at), y: column(at + 24), z: column(at + 48), origin: column(at + 72))
    }
    self.init(
      id: record.text(0, width: 32), patient: record.text(32, width: 32),
      source: Grid(size: size(64), affine: affine(96)),
      canvas: Grid(size: size(76), affine: affine(192)),
      sliceAxis: Int(record.load(88, as: UInt8.self)), lead: Int(record.load(92, as: UInt32.self)),
      intensity: (0..<channels).map { channel in
        let at = 304 + 32 * channel
        return ChannelIntensity(
          lower: record.double(at), upper: record.double(at + 8), shift: record.double(at + 16),
          scale: record.double(at + 24))
      },
      firstSlice: Int(truncatingIfNeeded: record.load(288, as: UInt64.self)),
      hasLabel: record.load(89, as: UInt8.self) & 1 == 1)
  }
}
