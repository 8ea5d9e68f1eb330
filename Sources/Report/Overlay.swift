import Imaging

/// Slices of a scan in grey with a mask laid over them in colour and, where there is one, the
/// truth as outlines in the same colours.
public struct Overlay: Sendable {
  /// Which plane the slices show, in the patient's frame.
  public enum Plane: String, Sendable, CaseIterable {
    /// Seen from the feet, the patient's left on the right.
    case axial
    /// Seen from the front, head up.
    case coronal
    /// Seen from the patient's left, head up.
    case sagittal

    /// The axis of the patient's frame that a slice is perpendicular to.
    var normal: Int { self == .axial ? 2 : self == .coronal ? 1 : 0 }
  }

  private let size: SIMD3<Int>
  private let spacing: SIMD3<Double>
  private let values: [Float]
  private let mask: [UInt16]
  private let truth: [UInt16]?
  private let window: (low: Float, high: Float)

  /// Gathers what the pictures show; the masks must have the size of the scan.
  ///
  /// - Parameters:
  ///   - volume: the scan, whose first time point or channel is shown, between the 0.5th and the
  ///     99.5th percentile of its values.
  ///   - mask: coloured areas.
  ///   - truth: coloured outlines.
  public init(_ volume: Volume, mask: LabelMap, truth: LabelMap? = nil) {
    let grid = volume.grid
    precondition(mask.grid.size == grid.size, "the mask does not fit the scan")
    precondition(truth.map { $0.grid.size == grid.size } ?? true, "the truth does not fit the scan")
    let (axes, flips) = grid.order(towards: Affine.identity.orientation)
    let turned = grid.reordered(axes: axes, flips: flips)
    func turn<Voxel>(_ voxels: [Voxel]) -> [Voxel] {
      reordered(voxels, size: grid.size, axes: axes, flips: flips)
    }
    (size, spacing) = (turned.size, turned.affine.spacing)
    values = turn(volume.values())
    self.mask = turn(mask.labels)
    self.truth = truth.map { turn($0.labels) }
    let limits = percentiles(values, [0.005, 0.995])
    window = (limits[0], max(limits[1], limits[0] + .leastNonzeroMagnitude))
  }

  /// A sheet of slices of one plane, evenly spread over those that hold a class in either mask
  /// (over all slices when none does).
  ///
  /// - Parameters:
  ///   - plane: the plane of the slices.
  ///   - count: how many slices at most.
  ///   - columns: slices in a row of the sheet.
  ///   - side: the length of the longer side of a slice in pixels, about.
  public func sheet(
    _ plane: Plane = .axial, count: Int = 12, columns: Int = 4, side: Int = 256
  ) -> Picture {
    let pictures = indices(plane, count).map { picture(plane, index: $0, side: side) }
    return Picture.montage(pictures, columns: columns) ?? Picture(width: 1, height: 1)
  }

  /// One slice, enlarged so that its longer side has about `side` pixels and its pixels are square.
  public func picture(_ plane: Plane, index: Int, side: Int = 256) -> Picture {
    let (across, down) = plane == .axial ? (0, 1) : plane == .coronal ? (0, 2) : (1, 2)
    let extent = (
      Double(size[across]) * spacing[across], Double(size[down]) * spacing[down]
    )
    let scale = Double(side) / max(extent.0, extent.1, .leastNormalMagnitude)
    let width = max(1, min(side, Int((extent.0 * scale).rounded())))
    let height = max(1, min(side, Int((extent.1 * scale).rounded())))
    func voxel(_ x: Int, _ y: Int) -> Int {
      var place = SIMD3<Int>()
      place[plane.normal] = index
      place[across] = x * size[across] / width
      place[down] = (plane == .axial ? y : height - 1 - y) * size[down] / height
      return (place.z * size.y + place.y) * size.x + place.x
    }
    let voxels = (0..<height).flatMap { y in (0..<width).map { x in voxel(x, y) } }
    var picture = Picture(width: width, height: height)
    for (at, voxel) in voxels.enumerated() { picture.pixels[at] = coloured(voxel) }
    outline(&picture, voxels)
    return picture
  }

  private func coloured(_ voxel: Int) -> Picture.Colour {
    let value = (values[voxel] - window.low) / (window.high - window.low)
    let grey = UInt8(min(max(value.isFinite ? value : 0, 0), 1) * 255)
    let colour = Picture.Colour(grey, grey, grey)
    return mask[voxel] == 0 ? colour : colour.mixed(with: palette(mask[voxel]), 0.35)
  }

  private func outline(_ picture: inout Picture, _ voxels: [Int]) {
    guard let truth else { return }
    let (width, height) = (picture.width, picture.height)
    func isEdge(_ x: Int, _ y: Int, of label: UInt16) -> Bool {
      guard x > 0, y > 0, x < width - 1, y < height - 1 else { return true }
      let at = y * width + x
      return [at - 1, at + 1, at - width, at + width].contains { truth[voxels[$0]] != label }
    }
    for y in 0..<height {
      for x in 0..<width {
        let here = truth[voxels[y * width + x]]
        if here != 0, isEdge(x, y, of: here) { picture[x, y] = palette(here) }
      }
    }
  }

  private func indices(_ plane: Plane, _ count: Int) -> [Int] {
    let strides = SIMD3(1, size.x, size.x * size.y)
    let normal = plane.normal
    var held = [Bool](repeating: false, count: size[normal])
    for at in mask.indices where mask[at] != 0 || truth.map({ $0[at] != 0 }) ?? false {
      held[at / strides[normal] % size[normal]] = true
    }
    let wanted = held.contains(true) ? held.indices.filter { held[$0] } : Array(held.indices)
    guard wanted.count > count, count > 0 else { return wanted }
    return (0..<count).map { wanted[($0 * 2 + 1) * wanted.count / (2 * count)] }
  }
}

/// The colour of a class: eight that are told apart by most eyes (Okabe and Ito), over and over.
public func palette(_ label: UInt16) -> Picture.Colour {
  let colours: [(UInt8, UInt8, UInt8)] = [
    (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66),
    (213, 94, 0), (204, 121, 167), (0, 114, 178), (220, 220, 220),
  ]
  let colour = colours[(Int(label) + colours.count - 1) % colours.count]
  return Picture.Colour(colour.0, colour.1, colour.2)
}
