import Imaging
import SliceStore

/// Where the pixels of a volume's slices lie: a canvas of `width × height` pixels by `sliceCount`
/// slices, and the voxels of the source that they came from.
///
/// Going from source to canvas permutes and flips axes, so that slices lie as radiologists show
/// them, scales rows and columns, and centres; it never turns by other angles. Both grids together
/// say all of it, so that a store needs to keep nothing else.
public struct SliceGeometry: Sendable, Equatable {
  /// The grid of the volume.
  public let source: Grid
  /// The grid of its slices: columns, rows, slices.
  public let canvas: Grid
  /// The source axis that columns, rows and slices follow.
  public let axes: [Int]
  /// Which of them run against their source axis.
  public let flips: [Bool]
  /// Source voxels, along columns and rows, for one pixel.
  let step: SIMD2<Double>
  /// Where pixel (0, 0) lies in the flipped source, along columns and rows.
  let start: SIMD2<Double>

  /// Pixels in a row.
  public var width: Int { canvas.size.x }
  /// Pixels in a column.
  public var height: Int { canvas.size.y }
  /// How many slices there are: all that the source has.
  public var sliceCount: Int { canvas.size.z }
  /// The source axis that slices are cut across: 0 is x, 1 is y, 2 is z.
  public var axis: Int { axes[2] }

  /// Lays out the slices of a volume on a canvas of `[rows, columns]`.
  ///
  /// Slices run towards left, back or head; axial ones show left at the right and back at the
  /// bottom, coronal ones left at the right and feet at the bottom, sagittal ones back at the right
  /// and feet at the bottom.
  public init(
    source: Grid, recipe: PrepareRecipe, canvas size: [Int]
  ) throws(PrepareError) {
    try recipe.validate()
    let (axes, flips) = Self.order(source, plane: recipe.plane)
    let turned = source.reordered(axes: axes, flips: flips)
    let fit = Self.fit(turned, spacing: recipe.spacing)
    guard size.count == 2, size.allSatisfy({ $0 > 0 }) else {
      throw .badRecipe(key: "canvas", problem: "rows and columns are needed")
    }
    guard size.allSatisfy({ $0 <= PrepareRecipe.longestSide }) else {
      let voxels = "\(source.size.x)×\(source.size.y)×\(source.size.z) voxels"
      throw .badRecipe(
        key: "canvas",
        problem: "at its spacing a scan of \(voxels) takes \(size[0])×\(size[1]) pixels; the size "
          + "of its voxels may be wrong")
    }
    let offset = SIMD2(floorHalf(size[1] - fit.size.x), floorHalf(size[0] - fit.size.y))
    let start = fit.start - SIMD2<Double>(offset) * fit.step
    (self.source, self.axes, self.flips, self.step, self.start) = (
      source, axes, flips, fit.step, start
    )
    var affine = turned.affine.shifted(to: SIMD3(start.x, start.y, 0))
    affine.x *= fit.step.x
    affine.y *= fit.step.y
    canvas = Grid(size: SIMD3(size[1], size[0], turned.size.z), affine: affine)
  }

  /// Finds again the layout that two grids of a store say.
  public init(source: Grid, canvas: Grid) throws(PrepareError) {
    guard source.affine.isRegular, canvas.affine.isRegular else { throw .foreignCanvas }
    let map = source.affine.inverse * canvas.affine
    var (axes, flips, steps) = ([Int](), [Bool](), [Double]())
    for column in 0..<3 {
      let direction = map[column: column]
      let axis = (0..<3).max { abs(direction[$0]) < abs(direction[$1]) } ?? 0
      axes.append(axis)
      flips.append(direction[axis] < 0)
      steps.append(tidy(abs(direction[axis])))
      let stray = (0..<3).filter { $0 != axis }.map { abs(direction[$0]) }.max() ?? 0
      guard stray < 1e-6 * abs(direction[axis]) else { throw .foreignCanvas }
    }
    guard Set(axes).count == 3, steps[2] == 1, source.size[axes[2]] == canvas.size.z else {
      throw .foreignCanvas
    }
    let origins = (0..<3).map { i -> Double in
      let place = map.origin[axes[i]]
      return tidy(flips[i] ? Double(source.size[axes[i]] - 1) - place : place)
    }
    guard abs(origins[2]) < 1e-6 else { throw .foreignCanvas }
    (self.source, self.canvas, self.axes, self.flips) = (source, canvas, axes, flips)
    (step, start) = (SIMD2(steps[0], steps[1]), SIMD2(origins[0], origins[1]))
  }

  /// The source index, perhaps between voxels, of a pixel `(column, row, slice)`.
  public func sourceIndex(canvas index: SIMD3<Double>) -> SIMD3<Double> {
    let turned = SIMD3(
      start.x + index.x * step.x, start.y + index.y * step.y, index.z)
    var result = SIMD3<Double>.zero
    for i in 0..<3 {
      let last = Double(source.size[axes[i]] - 1)
      result[axes[i]] = flips[i] ? last - turned[i] : turned[i]
    }
    return result
  }

  /// The pixel `(column, row, slice)`, perhaps between pixels, of a source index.
  public func canvasIndex(source index: SIMD3<Double>) -> SIMD3<Double> {
    var turned = SIMD3<Double>.zero
    for i in 0..<3 {
      let last = Double(source.size[axes[i]] - 1)
      turned[i] = flips[i] ? last - index[axes[i]] : index[axes[i]]
    }
    return SIMD3((turned.x - start.x) / step.x, (turned.y - start.y) / step.y, turned.z)
  }

  /// Where slice `k` lies in millimetres along the normal of the slices, as stores have it.
  public func position(slice k: Int) -> Float {
    Float(canvas.position(ofSlice: k))
  }
}

/// A number that rounding has moved off a whole one, put back.
private func tidy(_ value: Double) -> Double {
  abs(value - value.rounded()) < 1e-7 * max(1, abs(value)) ? value.rounded() : value
}

/// Half, rounded down also below zero.
private func floorHalf(_ value: Int) -> Int { value >> 1 }
