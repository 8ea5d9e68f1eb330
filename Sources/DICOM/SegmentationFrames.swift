import Imaging

/// The frames of a segmentation and where they lie.
struct SegmentationFrames {
  /// One frame.
  struct Frame {
    /// Segment number; nil in a label map.
    var segment: Int?
    /// Centre of the first pixel in mm.
    var position: SIMD3<Double>
    /// The step of one column and of one row in mm.
    var column, row: SIMD3<Double>
  }

  var rows, columns: Int
  var frames: [Frame]
  /// Distance of slices in mm as the file says it.
  var spacing: Double?

  /// The grid that the frames span: parallel, aligned and evenly spaced, with slices left out
  /// perhaps; nil where they are not.
  var ownGrid: Grid? {
    guard let first = frames.first else { return nil }
    let normal = cross(first.column, first.row)
    let unit = normal / length(normal)
    let places = frames.map { dot($0.position - first.position, unit) }
    let isAligned = zip(frames, places).allSatisfy { frame, place in
      length(frame.position - first.position - unit * place) < 0.01
        && length(frame.column - first.column) * Double(columns) < 0.01
        && length(frame.row - first.row) * Double(rows) < 0.01
    }
    guard isAligned, let low = places.min(), let high = places.max() else { return nil }
    let gaps = zip(places.sorted().dropFirst(), places.sorted()).map { $0 - $1 }
    let least = gaps.filter { $0 > 0.01 }.min()
    let step = spacing.flatMap { $0 > 0.01 ? $0 : nil } ?? least ?? 1
    let isEven = places.allSatisfy { place in
      let count = (place - low) / step
      return abs(count - count.rounded()) < 0.05
    }
    guard isEven, (high - low) / step < 65_536 else { return nil }
    let affine = Affine(
      x: first.column, y: first.row, z: unit * step, origin: first.position + unit * low)
    let grid = Grid(
      size: SIMD3(columns, rows, Int(((high - low) / step).rounded()) + 1), affine: affine)
    return affine.isRegular ? grid : nil
  }

  /// How pixels of a frame become voxels of `grid`; nil when the frame is no plane of it.
  func place(_ frame: Frame, on grid: Grid) -> FramePlace? {
    let toIndex = grid.affine.inverse
    let first = toIndex(frame.position)
    let column = toIndex(frame.position + frame.column) - first
    let row = toIndex(frame.position + frame.row) - first
    guard let column = Self.whole(column, times: columns), let row = Self.whole(row, times: rows),
      let origin = Self.whole(first, times: 1)
    else { return nil }
    return FramePlace(origin: origin, column: column, row: row)
  }

  /// Whole numbers that are off by no more than a twentieth of a voxel after so many steps.
  private static func whole(_ value: SIMD3<Double>, times: Int) -> SIMD3<Int>? {
    let rounded = value.rounded(.toNearestOrAwayFromZero)
    let off = (value - rounded) * Double(max(times - 1, 1))
    guard max(abs(off.x), abs(off.y), abs(off.z)) < 0.05,
      max(abs(rounded.x), abs(rounded.y), abs(rounded.z)) < 1e9
    else { return nil }
    return SIMD3(Int(rounded.x), Int(rounded.y), Int(rounded.z))
  }
}

/// Where a frame's first pixel lies on a grid, and the steps of a column and a row.
struct FramePlace: Equatable {
  var origin, column, row: SIMD3<Int>

  /// Whether the frame is just a slice along z, row by row.
  func isSlice(of grid: Grid, rows: Int, columns: Int) -> Bool {
    origin.x == 0 && origin.y == 0 && column == SIMD3(1, 0, 0) && row == SIMD3(0, 1, 0)
      && columns == grid.size.x && rows == grid.size.y && (0..<grid.size.z).contains(origin.z)
  }

  /// The voxel of a pixel; nil outside of the grid.
  func voxel(_ x: Int, _ y: Int, in grid: Grid) -> SIMD3<Int>? {
    let voxel = origin &+ column &* x &+ row &* y
    let isInside =
      voxel.x >= 0 && voxel.y >= 0 && voxel.z >= 0 && voxel.x < grid.size.x
      && voxel.y < grid.size.y && voxel.z < grid.size.z
    return isInside ? voxel : nil
  }
}

extension DICOMFile {
  /// The frames of a segmentation, from functional groups (PS3.3 C.7.6.16, C.8.20.3).
  func segmentationFrames() throws(DICOMError) -> SegmentationFrames {
    let pixels = try describe(digest: false)
    let shared = root.items(Tag.sharedGroups).first
    let groups = root.items(Tag.perFrameGroups)
    guard pixels.rows > 0, pixels.columns > 0, groups.count == Int(pixels.frames) else {
      throw .geometry(
        path: path, reason: "\(groups.count) functional groups for \(pixels.frames) frames")
    }
    var frames: [SegmentationFrames.Frame] = []
    frames.reserveCapacity(groups.count)
    for group in groups {
      func sequence(_ tag: UInt32) -> DICOMItem? {
        group.items(tag).first ?? shared?.items(tag).first
      }
      let plane = try plane(
        index: frames.count, position: sequence(Tag.planePositionSequence),
        orientation: sequence(Tag.planeOrientationSequence),
        measures: sequence(Tag.pixelMeasuresSequence), rescale: Rescale(slope: 1, intercept: 0),
        echoTime: nil,
        imageType: [], component: nil, stack: nil, time: DICOMHeader.Time())
      frames.append(
        SegmentationFrames.Frame(
          segment: sequence(Tag.segmentIdentificationSequence)?
            .integer(Tag.referencedSegmentNumber),
          position: plane.position, column: plane.right * plane.spacing.x,
          row: plane.down * plane.spacing.y))
    }
    let measures =
      groups.first?.items(Tag.pixelMeasuresSequence).first
      ?? shared?.items(Tag.pixelMeasuresSequence).first
    return SegmentationFrames(
      rows: Int(pixels.rows), columns: Int(pixels.columns), frames: frames,
      spacing: measures?.number(Tag.spacingBetweenSlices))
  }
}
