import Imaging

/// How the pixels of a file are written (PS3.3 C.7.6.3).
public struct PixelFormat: Codable, Sendable, Equatable {
  /// Rows of a frame.
  public var rows: Int
  /// Columns of a frame.
  public var columns: Int
  /// Frames of the file.
  public var frames: Int
  /// 8, 16 or 32.
  public var bitsAllocated: Int
  /// Bits that count.
  public var bitsStored: Int
  /// The highest of them.
  public var highBit: Int
  /// Whether bit `bitsStored − 1` is a sign.
  public var isSigned: Bool
  /// MONOCHROME1 (low values are bright) or MONOCHROME2. Recorded, never applied.
  public var photometric: String
  /// PixelPaddingValue (0028,0120) as a stored value.
  public var padding: Int?

  /// The type of a stored voxel.
  public var type: VoxelType {
    switch (bitsAllocated, isSigned) {
    case (8, false): .uint8
    case (8, true): .int8
    case (16, false): .uint16
    case (16, true): .int16
    case (_, false): .uint32
    case (_, true): .int32
    }
  }

  /// Bytes of one frame.
  public var frameBytes: Int { rows * columns * (bitsAllocated / 8) }

  /// Leaves in each sample the bits that count: shifted down from `highBit`, masked, and the sign
  /// extended from bit `bitsStored − 1`.
  ///
  /// Overlays and what encoders leave above are gone then. DCMTK's raw buffers need this too.
  public func normalise(_ frame: UnsafeMutableRawBufferPointer) {
    switch type {
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
    guard bitsStored < bitsAllocated else { return }
    let up = Sample(truncatingIfNeeded: bitsAllocated - 1 - highBit)
    let down = Sample(truncatingIfNeeded: bitsAllocated - bitsStored)
    for index in samples.indices {
      samples[index] = (samples[index] &<< up) &>> down
    }
  }
}
