import Imaging

/// The bytes of a header as they came, looked at before any library is: size, magic, order of
/// bytes, dimensions, voxel type and offset (NIfTI-1 `nifti1.h`, NIfTI-2 `nifti2.h`).
struct RawHeader {
  static let longest = 540

  var bytes: [UInt8]
  let version: Int32
  let bigEndian: Bool
  let isPair: Bool
  let dimensions: [Int]
  let type: VoxelType
  let voxelOffset: Int

  /// Takes the first bytes of a file (540, or all of a shorter one).
  init(_ start: [UInt8], path: String) throws(NIfTIError) {
    let kind = try Self.kind(start, path: path)
    (version, bigEndian) = (kind.version, kind.bigEndian)
    bytes = Array(start.prefix(version == 2 ? 540 : 348))
    isPair = try Self.isPair(bytes, version: version, path: path)
    let fields = Fields(bytes: bytes, bigEndian: bigEndian)
    dimensions = try Self.dimensions(fields, version: version, path: path)
    type = try Self.type(fields, version: version, path: path)
    voxelOffset = try Self.voxelOffset(fields, version: version, isPair: isPair, path: path)
  }

  private static func kind(
    _ start: [UInt8], path: String
  ) throws(NIfTIError) -> (version: Int32, bigEndian: Bool) {
    guard start.count >= 4 else {
      throw .notNIfTI(path: path, reason: start.isEmpty ? "it is empty" : "it is too short")
    }
    for bigEndian in [false, true] {
      let size = Fields(bytes: start, bigEndian: bigEndian).int32(0)
      guard size == 348 || size == 540 else { continue }
      guard start.count >= Int(size) else {
        throw .truncated(path: path, expected: Int(size), found: start.count)
      }
      return (size == 540 ? 2 : 1, bigEndian)
    }
    throw .notNIfTI(path: path, reason: "its first number is neither 348 nor 540")
  }

  private static func isPair(
    _ bytes: [UInt8], version: Int32, path: String
  ) throws(NIfTIError) -> Bool {
    let magic = version == 2 ? Array(bytes[4..<12]) : Array(bytes[344..<348])
    let tail: [UInt8] = version == 2 ? [0, 0x0D, 0x0A, 0x1A, 0x0A] : [0]
    let number = UInt8(ascii: version == 2 ? "2" : "1")
    if magic == Array("n+".utf8) + [number] + tail { return false }
    if magic == Array("ni".utf8) + [number] + tail { return true }
    throw .notNIfTI(
      path: path,
      reason: magic.allSatisfy { $0 == 0 }
        ? "it is an ANALYZE 7.5 header, which does not say left from right" : "its magic is wrong")
  }

  /// Sizes without trailing ones, at least three of them.
  private static func dimensions(
    _ fields: Fields, version: Int32, path: String
  ) throws(NIfTIError) -> [Int] {
    func dim(_ i: Int) -> Int {
      version == 2 ? Int(fields.int64(16 + 8 * i)) : Int(fields.int16(40 + 2 * i))
    }
    guard (1...7).contains(dim(0)) else {
      throw .badHeader(path: path, field: "dim[0]", value: "\(dim(0))")
    }
    var sizes = [Int]()
    for i in 1...dim(0) {
      guard dim(i) >= 1 else {
        throw .badHeader(path: path, field: "dim[\(i)]", value: "\(dim(i))")
      }
      sizes.append(dim(i))
    }
    while sizes.count > 3, sizes.last == 1 { sizes.removeLast() }
    while sizes.count < 3 { sizes.append(1) }
    guard sizes.count <= 4 else {
      throw .unsupported(path: path, what: "\(sizes.count) dimensions")
    }
    return sizes
  }

  private static func type(
    _ fields: Fields, version: Int32, path: String
  ) throws(NIfTIError) -> VoxelType {
    let code = Int(fields.int16(version == 2 ? 12 : 70))
    let bits = Int(fields.int16(version == 2 ? 14 : 72))
    guard let type = VoxelType(nifti: code) else {
      guard let name = unreadTypes[code] else {
        throw .badHeader(path: path, field: "datatype", value: "\(code)")
      }
      throw .unsupported(path: path, what: name)
    }
    guard bits == 8 * type.size else {
      throw .badHeader(path: path, field: "bitpix", value: "\(bits) for \(type.rawValue) voxels")
    }
    return type
  }

  private static func voxelOffset(
    _ fields: Fields, version: Int32, isPair: Bool, path: String
  ) throws(NIfTIError) -> Int {
    let offset = version == 2 ? Int(exactly: fields.int64(168)) : Int(exactly: fields.float32(108))
    let least = isPair ? 0 : version == 2 ? 544 : 352
    guard let offset, offset >= least, offset < 1 << 40 else {
      let value = version == 2 ? "\(fields.int64(168))" : "\(fields.float32(108))"
      throw .badHeader(path: path, field: "vox_offset", value: value)
    }
    return offset
  }

  private static let unreadTypes = [
    1: "one-bit voxels", 32: "complex voxels (complex64)", 128: "colours (RGB24)",
    1536: "float128 voxels", 1792: "complex voxels (complex128)",
    2048: "complex voxels (complex256)", 2304: "colours (RGBA32)",
  ]
}

/// Numbers at fixed places of a header, in its order of bytes.
struct Fields {
  let bytes: [UInt8]
  let bigEndian: Bool

  func int16(_ at: Int) -> Int16 { Int16(truncatingIfNeeded: bits(at, 2)) }
  func int32(_ at: Int) -> Int32 { Int32(truncatingIfNeeded: bits(at, 4)) }
  func int64(_ at: Int) -> Int64 { Int64(bitPattern: bits(at, 8)) }
  func float32(_ at: Int) -> Float { Float(bitPattern: UInt32(bits(at, 4))) }

  private func bits(_ at: Int, _ count: Int) -> UInt64 {
    var value: UInt64 = 0
    for i in 0..<count {
      value = value << 8 | UInt64(bytes[bigEndian ? at + i : at + count - 1 - i])
    }
    return value
  }
}
