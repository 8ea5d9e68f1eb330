import Augment
import Foundation
import Imaging
import Prepare
import Segmentation
import SliceStore
import TestFolders
import Zarr

/// A scan of noise with a bright and a dark ellipsoid, and its mask.
struct SyntheticScan {
  var volume: Volume
  var mask: LabelMap

  /// The same anatomy for the same seed, on any grid.
  init(seed: UInt64, affine: Affine = SyntheticScan.axial, size: SIMD3<Int> = SIMD3(28, 26, 6)) {
    var random = Philox(seed: seed, ordinal: 0)
    func about(_ centre: Double, _ spread: Double) -> Double {
      centre + spread * (2 * Double(random.uniform()) - 1)
    }
    let centres = [
      SIMD3(about(9, 2), about(9, 2), about(2.5, 0.5)),
      SIMD3(about(18, 2), about(16, 2), about(2.5, 0.5)),
    ]
    let radii = [SIMD3(about(5, 1), about(5, 1), 3.0), SIMD3(about(5, 1), about(5, 1), 3.0)]
    let grid = Grid(size: size, affine: affine)
    var (values, labels) = ([Float](), [UInt16]())
    for at in 0..<grid.count {
      let place = SIMD3(
        Double(at % size.x), Double(at / size.x % size.y), Double(at / grid.sliceCount))
      let inside = (0..<2).filter { i in
        let d = (place - centres[i]) / radii[i]
        return dot(d, d) <= 1
      }
      let label = inside.last.map { $0 + 1 } ?? 0
      labels.append(UInt16(label))
      values.append([100, 160, 40][label] + 12 * Float(about(0, 1)))
    }
    volume = Volume(grid: grid, values: values)
    mask = LabelMap(grid: grid, labels: labels)
  }

  static let axial = Affine(spacing: SIMD3(1, 1, 3))
  /// Slices from right to left, rows from head to feet.
  static let sagittal = Affine(
    x: SIMD3(0, 1, 0), y: SIMD3(0, 0, -1), z: SIMD3(3, 0, 0), origin: SIMD3(5, -20, 40))
  /// Tilted by 20° about x and 10° about z.
  static let oblique: Affine = {
    let (a, b) = (20.0 * .pi / 180, 10.0 * .pi / 180)
    let x = SIMD3(cos(b), sin(b) * cos(a), sin(b) * sin(a))
    let y = SIMD3(-sin(b), cos(b) * cos(a), cos(b) * sin(a))
    return Affine(x: x, y: y, z: cross(x, y) * 3, origin: SIMD3(1, 2, 3))
  }()
}

/// A slice store of synthetic scans in a temporary folder, removed with the value's owner.
final class SyntheticStore {
  let folder = TemporaryFolder()
  let slices: LabelledSlices
  static let names = [1: "bright", 2: "dark"]

  /// Scans 0…5 train, 6 and 7 validate.
  init(
    modality: String = "MR", canvas: [Int] = [32, 32], spacing: [Double]? = nil
  ) throws {
    var recipe = PrepareRecipe()
    (recipe.canvas, recipe.spacing) = (canvas, spacing)
    let text = try JSONEncoder().encode(recipe)
    let path = folder / "slices.zarr"
    let writer = try SliceStoreWriter(
      path,
      attributes: SliceStoreAttributes(
        channels: 1, height: canvas[0], width: canvas[1], scaleFactor: recipe.scaleFactor,
        labelNames: Self.names, recipe: JSONDecoder().decode(JSON.self, from: text),
        cohortDigest: "synthetic"))
    for seed in 0..<8 {
      let scan = SyntheticScan(seed: UInt64(seed))
      let prepared = try PreparedVolume(
        scan.volume, label: scan.mask, modality: modality, recipe: recipe, canvas: canvas)
      let layers = 0..<prepared.sliceCount
      try writer.append(
        SliceVolumeRecord(
          id: "scan-\(seed)", patient: "patient-\(seed)", source: prepared.geometry.source,
          canvas: prepared.geometry.canvas, sliceAxis: prepared.geometry.axis,
          intensity: prepared.intensity),
        slices: layers.flatMap { prepared.image(slice: $0) },
        labels: layers.flatMap { prepared.label(slice: $0) ?? [] })
    }
    let split = (0..<8).map { ("patient-\($0)", $0 < 6 ? SplitPart.train : .validation) }
    _ = try writer.finish(split: Dictionary(uniqueKeysWithValues: split))
    slices = try LabelledSlices(SliceStore(path))
  }

  func run(_ name: String) -> FinetuneRun { FinetuneRun(folder / name) }

  /// A small network, few steps, one thread.
  static func recipe(_ mode: FinetuneMode, steps: Int) -> FinetuneRecipe {
    var recipe = FinetuneRecipe()
    (recipe.mode, recipe.steps, recipe.batch, recipe.threads) = (mode, steps, 8, 1)
    (recipe.features, recipe.width) = ([8, 16, 16], 8)
    recipe.warmup = 5
    recipe.validateEvery = 0
    return recipe
  }
}
