import Imaging

/// How the pixels of a file are written (PS3.3 C.7.6.3).
public struct PixelFormat: Sendable, Equatable {
  /// Rows of a frame.
  public var rows: Int
  /// Columns of a frame.
  public var columns: Int
  /// Frames of the file.
  public var frames: Int
  /// 1, or 3 in a colour image.
  public var samples = 1
  /// 1, 8, 16 or 32; 64 for floating point numbers only.
  public var bitsAllocated: Int
  /// Bits that count.
  public var bitsStored: Int
  /// The highest of them.
  public var highBit: Int
  /// Whether bit `bitsStored − 1` is a sign.
  public var isSigned: Bool
  /// Float or Double Float Pixel Data (PS3.3 C.7.6.24 and .25).
  public var isFloat = false
  /// MONOCHROME1 (low values are bright; recorded, never applied), MONOCHROME2, or a colour's.
  public var photometric: String
  /// PixelPaddingValue (0028,0120) as a stored value.
  public var padding: Int?
  /// PixelPaddingRangeLimit (0028,0121): stored values from the padding value to this one, both
  /// included, are padding.
  public var paddingLimit: Int?
  /// The modality lookup table that stored values have passed through.
  public var lookup: Lookup?

  /// What is known of a modality lookup table without its values.
  public struct Lookup: Sendable, Equatable {
    /// Bits of a value that comes out.
    public var bits: Int
    /// XXH64 of its values, in hexadecimal.
    public var digest: String
  }

  /// A format of one sample a pixel.
  public init(
    rows: Int, columns: Int, frames: Int = 1, bitsAllocated: Int, bitsStored: Int, highBit: Int,
    isSigned: Bool, photometric: String = "MONOCHROME2"
  ) {
    (self.rows, self.columns, self.frames) = (rows, columns, frames)
    (self.bitsAllocated, self.bitsStored, self.highBit) = (bitsAllocated, bitsStored, highBit)
    (self.isSigned, self.photometric) = (isSigned, photometric)
  }

  /// The type of a sample as the file stores it. One bit becomes a byte.
  public var storedType: VoxelType {
    switch (bitsAllocated, isSigned, isFloat) {
    case (64, _, _): .float64
    case (_, _, true): .float32
    case (1, _, _), (8, false, _): .uint8
    case (8, true, _): .int8
    case (16, false, _): .uint16
    case (16, true, _): .int16
    case (_, false, _): .uint32
    case (_, true, _): .int32
    }
  }

  /// The type of a voxel: the stored one, or that of the modality lookup table's values.
  public var type: VoxelType {
    lookup.map { $0.bits <= 8 ? .uint8 : .uint16 } ?? storedType
  }

  /// Bytes of one decoded frame, all samples of it.
  public var frameBytes: Int { rows * columns * samples * type.size }

  /// Bytes of one frame before the modality lookup table.
  var storedFrameBytes: Int { rows * columns * samples * storedType.size }

  /// Bytes of all frames as native pixel data hold them.
  var nativeBytes: Int {
    let isHalved = photometric == "YBR_FULL_422" && columns % 2 == 0 && bitsAllocated == 8
    let perPixel = isHalved ? 2 * bitsAllocated : samples * bitsAllocated
    return (rows * columns * frames * perPixel + 7) / 8
  }

  /// Leaves in each sample the bits that count: shifted down from `highBit`, masked, and the sign
  /// extended from bit `bitsStored − 1`.
  ///
  /// Overlays and what encoders leave above are gone then. Decoders' buffers need this too.
  public func normalise(_ frame: UnsafeMutableRawBufferPointer) {
    guard bitsStored < bitsAllocated, !isFloat else { return }
    switch storedType {
    case .uint8: normalise(frame.bindMemory(to: UInt8.self))
    case .int8: normalise(frame.bindMemory(to: Int8.self))
    case .uint16: normalise(frame.bindMemory(to: UInt16.self))
    case .int16: normalise(frame.bindMemory(to: Int16.self))
    case .uint32: normalise(frame.bindMemory(to: UInt32.self))
    default: normalise(frame.bindMemory(to: Int32.self))
    }
  }

  /// Two shifts do it all: up until the sign is the top bit, then down, arithmetically if signed.
  @inline(__always)
  private func normalise<Sample: FixedWidthInteger>(_ samples: UnsafeMutableBufferPointer<Sample>) {
    let up = Sample(truncatingIfNeeded: bitsAllocated - 1 - highBit)
    let down = Sample(truncatingIfNeeded: bitsAllocated - bitsStored)
    for index in samples.indices {
      samples[index] = (samples[index] &<< up) &>> down
    }
  }
}
