import CDCMTK
import Imaging

/// How the pixels of a segmentation are to be understood (PS3.3 C.8.20.2).
private struct SegmentationKind {
  /// (0062,0001)
  enum Meaning { case binary, fractional, labelMap }

  var meaning: Meaning
  /// Least pixel value that is inside, of a fractional one.
  var least = 1
  /// Bytes of a decoded pixel.
  var width: Int
}

extension DICOMFile {
  /// The segments of a segmentation, on `grid` where its frames are slices of that.
  func segments(on target: Grid, threshold: Double) throws(DICOMError) -> [Structure] {
    let kind = try segmentationKind(threshold)
    let frames = try segmentationFrames()
    let grid = try self.grid(of: frames, near: target)
    let names = try segmentNames()
    var structures: [Int: Structure] = [:]
    for name in names {
      structures[name.number] = Structure(name: name, mask: StructureMask(grid: grid))
    }
    var taken = Set<[Int]>()
    for (index, frame) in frames.frames.enumerated() {
      guard let place = frames.place(frame, on: grid) else { continue }
      let key = [frame.segment ?? -1, place.origin.x, place.origin.y, place.origin.z]
      guard taken.insert(key).inserted else {
        throw .geometry(path: path, reason: "frame \(index + 1) lies where another one does")
      }
      let values = try decode(frame: index, frames, kind)
      let pixels = FramePixels(
        index: index, place: place, rows: frames.rows, columns: frames.columns,
        numbers: try numbers(values, kind, segment: frame.segment, frame: index))
      try draw(pixels, into: &structures, on: grid)
    }
    // A segment without frames was looked for and not found: it stays, with no voxel.
    return names.compactMap { structures[$0.number] }
  }

  /// The target's grid if every frame is a plane of it, else the frames' own.
  private func grid(
    of frames: SegmentationFrames, near target: Grid
  ) throws(DICOMError) -> Grid {
    guard !frames.frames.isEmpty else { throw .pixels(path: path, reason: "no frames") }
    if frames.frames.allSatisfy({ frames.place($0, on: target) != nil }) { return target }
    guard let own = frames.ownGrid else {
      throw .geometry(path: path, reason: "the frames neither fit the series nor span a grid")
    }
    guard own.count <= limits.decodedBytes else {
      throw .limit(path: path, reason: "the frames span \(own.count) voxels")
    }
    return own
  }

  private func segmentationKind(_ threshold: Double) throws(DICOMError) -> SegmentationKind {
    let pixels = try describe(digest: false)
    func refuse(_ reason: String) -> DICOMError { .unsupported(path: path, reason: reason) }
    let meaning: SegmentationKind.Meaning
    switch root.text(Tag.segmentationType)?.uppercased() {
    case "BINARY": meaning = .binary
    case "FRACTIONAL": meaning = .fractional
    case "LABELMAP": meaning = .labelMap
    default: throw refuse("no known SegmentationType")
    }
    let bits = Int(pixels.bits_allocated)
    let allowed = meaning == .labelMap ? [8, 16] : meaning == .fractional ? [8] : [1, 8]
    guard allowed.contains(bits), pixels.samples == 1, pixels.has_pixels != 0 else {
      throw refuse("\(bits) bits allocated and \(pixels.samples) samples in a segmentation")
    }
    try checkSize(pixels)
    var kind = SegmentationKind(meaning: meaning, width: max(bits / 8, 1))
    if meaning == .fractional {
      guard let most = root.integer(Tag.maximumFractionalValue), (1...255).contains(most) else {
        throw .pixels(path: path, reason: "no MaximumFractionalValue from 1 to 255")
      }
      kind.least = max(1, Int((threshold * Double(most)).rounded(.up)))
    }
    return kind
  }

  /// Nothing is allocated by numbers that the bytes do not bear out.
  private func checkSize(_ pixels: dicom_pixels) throws(DICOMError) {
    let bits = Int(pixels.rows) * Int(pixels.columns) * Int(pixels.bits_allocated)
    let (total, overflow) = bits.multipliedReportingOverflow(by: Int(pixels.frames))
    guard !overflow, bits > 0, total / 8 <= limits.decodedBytes else {
      throw .limit(
        path: path, reason: "the pixels would take none, or over \(limits.decodedBytes) bytes")
    }
    let (bytes, there) = ((total + 7) / 8, Int(clamping: pixels.length))
    if pixels.is_encapsulated == 0 {
      guard there >= bytes, there <= bytes + 1 else {
        throw .pixels(path: path, reason: "\(bytes) bytes of pixels expected, \(there) there")
      }
    } else if bytes > 64 << 20, bytes / 1_000 > there {
      throw .limit(path: path, reason: "\(there) bytes would decode to \(bytes)")
    }
  }

  private func segmentNames() throws(DICOMError) -> [Structure.Name] {
    var names: [Structure.Name] = []
    var numbers = Set<Int>()
    for item in root.items(Tag.segmentSequence).prefix(65_536) {
      guard let number = item.integer(Tag.segmentNumber), (0...65_535).contains(number),
        numbers.insert(number).inserted
      else { throw .malformed(path: path, reason: "segments without numbers of their own") }
      if number == 0 { continue }  // a label map may describe its background
      let type = item.items(Tag.segmentedPropertyTypeSequence).first
      names.append(
        Structure.Name(
          number: number, label: String((item.text(Tag.segmentLabel) ?? "").prefix(256)),
          code: Structure.Code(type, modifiers: type?.items(Tag.segmentedModifierSequence) ?? [])))
    }
    guard !names.isEmpty else { throw .malformed(path: path, reason: "no segments") }
    return names
  }

  /// One byte or two little endian ones a pixel.
  private func decode(
    frame: Int, _ frames: SegmentationFrames, _ kind: SegmentationKind
  ) throws(DICOMError) -> [UInt16] {
    let count = frames.rows * frames.columns
    var bytes = [UInt8](repeating: 0, count: count * kind.width)
    var failure = dicom_failure()
    let status = bytes.withUnsafeMutableBytes { buffer in
      dicom_frame(
        handle, UInt32(clamping: frame), buffer.baseAddress, buffer.count, &failure)
    }
    guard status == DICOM_OK else {
      throw DICOMError(status, failure, path: path, frame: frame)
    }
    if kind.width == 1 { return bytes.map(UInt16.init) }
    return (0..<count).map { UInt16(bytes[2 * $0]) | UInt16(bytes[2 * $0 + 1]) << 8 }
  }
}

/// A frame's pixels as segment numbers, 0 for none, and where they go.
private struct FramePixels {
  var index: Int
  var place: FramePlace
  var rows, columns: Int
  var numbers: [UInt16]
}

extension DICOMFile {
  /// Which segment each pixel of a frame belongs to.
  private func numbers(
    _ values: [UInt16], _ kind: SegmentationKind, segment: Int?, frame: Int
  ) throws(DICOMError) -> [UInt16] {
    if kind.meaning == .labelMap {
      // PS3.3 C.8.20.2.1: the background is 0, or what PixelPaddingValue says.
      guard let background = root.integer(Tag.pixelPadding).flatMap({ UInt16(exactly: $0) }),
        background != 0
      else { return values }
      return values.map { $0 == background ? 0 : $0 }
    }
    guard let number = segment.flatMap({ UInt16(exactly: $0) }), number > 0 else {
      throw .malformed(path: path, reason: "frame \(frame + 1) belongs to no segment")
    }
    return values.map { $0 >= kind.least ? number : 0 }
  }

  private func draw(
    _ frame: FramePixels, into structures: inout [Int: Structure], on grid: Grid
  ) throws(DICOMError) {
    var slots = [Int](repeating: -1, count: 65_536)
    var present: [Int] = []
    for number in frame.numbers where number != 0 && slots[Int(number)] < 0 {
      guard structures[Int(number)] != nil else {
        throw .malformed(
          path: path, reason: "frame \(frame.index + 1) holds \(number), no segment's number")
      }
      slots[Int(number)] = present.count
      present.append(Int(number))
    }
    if frame.place.isSlice(of: grid, rows: frame.rows, columns: frame.columns) {
      let empty = [UInt8](repeating: 0, count: StructureMask.planeBytes(grid))
      var bits = [[UInt8]](repeating: empty, count: present.count)
      for (i, number) in frame.numbers.enumerated() where number != 0 {
        bits[slots[Int(number)]][i >> 3] |= 1 << UInt8(i & 7)
      }
      for (slot, number) in present.enumerated() {
        structures[number]?.mask.set(slice: frame.place.origin.z, bits: bits[slot])
      }
      return
    }
    try drawEach(frame, into: &structures, on: grid)
  }

  /// Pixel by pixel, for frames that are smaller than the grid, or run in another order.
  private func drawEach(
    _ frame: FramePixels, into structures: inout [Int: Structure], on grid: Grid
  ) throws(DICOMError) {
    for y in 0..<frame.rows {
      for x in 0..<frame.columns where frame.numbers[y * frame.columns + x] != 0 {
        guard let voxel = frame.place.voxel(x, y, in: grid) else {
          throw .geometry(
            path: path, reason: "frame \(frame.index + 1) has voxels outside of the series' grid")
        }
        let number = Int(frame.numbers[y * frame.columns + x])
        structures[number]?.mask.insert(voxel.x, voxel.y, voxel.z)
      }
    }
  }
}
