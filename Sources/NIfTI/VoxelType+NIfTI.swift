import Imaging

extension VoxelType {
  private static let codes: [(Int, VoxelType)] = [
    (2, .uint8), (4, .int16), (8, .int32), (16, .float32), (64, .float64), (256, .int8),
    (512, .uint16), (768, .uint32), (1024, .int64), (1280, .uint64),
  ]

  /// The type that a `datatype` code stands for (`nifti1.h`, NIFTI1_DATATYPES), if it is one of ours.
  init?(nifti code: Int) {
    guard let found = Self.codes.first(where: { $0.0 == code }) else { return nil }
    self = found.1
  }

  /// The `datatype` code of the type.
  var niftiCode: Int32 { Int32(Self.codes.first { $0.1 == self }?.0 ?? 0) }
}

/// Turns voxels into the other order of bytes, in place.
func swapBytes(_ bytes: inout [UInt8], of type: VoxelType) {
  bytes.withUnsafeMutableBytes { raw in
    func swap<Word: FixedWidthInteger>(_: Word.Type) {
      let words = raw.bindMemory(to: Word.self)
      for i in words.indices { words[i] = words[i].byteSwapped }
    }
    switch type.size {
    case 2: swap(UInt16.self)
    case 4: swap(UInt32.self)
    case 8: swap(UInt64.self)
    default: break
    }
  }
}

/// How many voxels are neither a number nor finite.
func countNonFinite(_ bytes: [UInt8], of type: VoxelType) -> Int {
  func count<Value: BinaryFloatingPoint>(_: Value.Type) -> Int {
    bytes.withUnsafeBytes { raw in
      var found = 0
      for value in raw.bindMemory(to: Value.self) where !value.isFinite { found += 1 }
      return found
    }
  }
  switch type {
  case .float32: return count(Float.self)
  case .float64: return count(Double.self)
  default: return 0
  }
}
