import Imaging

/// What becomes of colour images.
public enum ColorPolicy: String, Codable, Sendable, CaseIterable {
  /// They are refused.
  case refuse
  /// One value a voxel, 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601).
  case luminance
  /// Three channels: red, green and blue.
  case rgb

  /// Values of a voxel.
  public var channels: Int { self == .rgb ? 3 : 1 }
}

extension PixelFormat {
  /// Whether the pixels have a colour.
  public var isColor: Bool { samples > 1 || isPalette }

  var isPalette: Bool { photometric == "PALETTE COLOR" }

  /// The type of a voxel that was made of a colour: a byte for palettes, else a sample's.
  public var colorType: VoxelType { isPalette ? .uint8 : storedType }
}

/// The palette of a PALETTE COLOR image (PS3.3 C.7.9), as bytes.
struct Palette {
  /// Entries of red, green and blue, from the stored value `first[channel]` on.
  private var entries: [[UInt8]] = []
  private var first: [Int] = []

  /// Throws where one of the three tables is missing, segmented, or contradicts its descriptor.
  init(_ item: DICOMItem, path: String) throws(DICOMError) {
    for channel: UInt32 in 1...3 {
      let (descriptor, data) = (0x0028_1100 + channel, 0x0028_1200 + channel)
      guard
        let table = LookupTable(item, descriptor: descriptor, data: data, isSigned: false)
      else {
        throw .pixels(path: path, reason: "a palette image without a whole palette")
      }
      // Some writers keep bytes in a table that they call one of 16 bits.
      let isWide = table.bits > 8 && table.values.contains { $0 > 255 }
      entries.append(table.values.map { UInt8(isWide ? $0 >> (table.bits - 8) & 0xFF : $0 & 0xFF) })
      first.append(table.first)
    }
  }

  func color(_ stored: Int) -> SIMD3<Float> {
    var color = SIMD3<Float>()
    for channel in 0..<3 {
      let place = min(max(stored - first[channel], 0), entries[channel].count - 1)
      color[channel] = Float(entries[channel][place])
    }
    return color
  }
}

extension DICOMFile {
  /// Decodes one frame of a colour image into `policy.channels` planes of `rows × columns` values
  /// of ``PixelFormat/colorType``.
  func decodeColor(
    frame: Int, format: PixelFormat, policy: ColorPolicy,
    into planes: [UnsafeMutableRawBufferPointer]
  ) throws(DICOMError) {
    let scratch = UnsafeMutableRawBufferPointer.allocate(
      byteCount: format.frameBytes, alignment: 16)
    defer { scratch.deallocate() }
    try decode(frame: frame, format: format, into: scratch)
    switch (format.isPalette, format.storedType.size) {
    case (true, 1):
      let palette = try Palette(root, path: path)
      let stored = scratch.bindMemory(to: UInt8.self)
      for index in stored.indices {
        put(palette.color(Int(stored[index])), at: index, policy, planes, as: UInt8.self)
      }
    case (true, _):
      let palette = try Palette(root, path: path)
      let stored = scratch.bindMemory(to: UInt16.self)
      for index in stored.indices {
        put(palette.color(Int(stored[index])), at: index, policy, planes, as: UInt8.self)
      }
    case (false, 1): convert(scratch.bindMemory(to: UInt8.self), format, policy, planes)
    default: convert(scratch.bindMemory(to: UInt16.self), format, policy, planes)
    }
  }

  private func convert<Sample: FixedWidthInteger & UnsignedInteger>(
    _ stored: UnsafeMutableBufferPointer<Sample>, _ format: PixelFormat, _ policy: ColorPolicy,
    _ planes: [UnsafeMutableRawBufferPointer]
  ) {
    let count = format.rows * format.columns
    let isYBR = format.photometric.hasPrefix("YBR_FULL")
    let middle = Float(1 << (format.bitsStored - 1))
    for index in 0..<count {
      var color = SIMD3<Float>(
        Float(stored[index]), Float(stored[count + index]), Float(stored[2 * count + index]))
      if isYBR {
        color = rgb(color, middle: middle)
          .clamped(lowerBound: .zero, upperBound: SIMD3(repeating: 2 * middle - 1))
      }
      put(color, at: index, policy, planes, as: Sample.self)
    }
  }

  /// YBR_FULL of PS3.3 C.7.6.3.1.2.
  private func rgb(_ color: SIMD3<Float>, middle: Float) -> SIMD3<Float> {
    let (blue, red) = (color.y - middle, color.z - middle)
    return SIMD3(
      color.x + 1.402 * red, color.x - 0.344136 * blue - 0.714136 * red, color.x + 1.772 * blue)
  }

  @inline(__always)
  private func put<Sample: FixedWidthInteger>(
    _ color: SIMD3<Float>, at index: Int, _ policy: ColorPolicy,
    _ planes: [UnsafeMutableRawBufferPointer], as type: Sample.Type
  ) {
    let offset = index * MemoryLayout<Sample>.size
    guard policy == .rgb else {
      let luminance = (color * SIMD3(0.299, 0.587, 0.114)).sum().rounded()
      planes[0].storeBytes(of: Sample(luminance), toByteOffset: offset, as: Sample.self)
      return
    }
    for channel in 0..<3 {
      planes[channel].storeBytes(
        of: Sample(color[channel].rounded()), toByteOffset: offset, as: Sample.self)
    }
  }
}

extension DICOMSeries {
  /// Whether the policy takes an image; one that it does not is refused.
  static func taken(
    _ header: DICOMHeader, _ policy: ColorPolicy, _ refused: inout [DICOMRefusal]
  ) -> Bool {
    guard policy == .refuse, let pixels = header.pixels, pixels.isColor else { return true }
    refused.append(
      DICOMRefusal(
        seriesUID: header.identity.seriesInstanceUID ?? "", paths: [header.path],
        error: .unsupported(
          path: header.path,
          reason: "a colour image (\(pixels.photometric)); ingest.color says what becomes of it")))
    return false
  }

  /// Makes a series of colour images one of luminance, or of three channels.
  mutating func setColor(_ policy: ColorPolicy) -> DICOMError? {
    guard representative.pixels?.isColor ?? false else { return nil }
    color = policy
    guard policy == .rgb else { return nil }
    guard leading == .none else {
      return .slices(seriesUID: seriesUID, reason: "colours that change in time")
    }
    leading = .channel(3)
    if case .perSlice(let slopes, let intercepts) = scaling {
      scaling = .perSlice(
        slope: slopes + slopes + slopes, intercept: intercepts + intercepts + intercepts)
    }
    return nil
  }
}
