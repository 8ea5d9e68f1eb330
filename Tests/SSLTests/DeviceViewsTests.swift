import Augment
import Foundation
import Loader
import SSL
import TestFolders
import Testing
import Torch

/// What may happen to intensities, one at a time and all at once.
private let changes: [String: @Sendable (inout IntensityRecipe) -> Void] = [
  "nothing": { _ in },
  "contrast": { $0.contrastProbability = 0.7 },
  "gamma": { $0.gammaProbability = 0.7 },
  "bias": { $0.biasProbability = 0.7 },
  "blur": { $0.blurProbability = 0.7 },
  "wide blur": { ($0.blurProbability, $0.blur) = (0.7, 1...6) },
  "gaussian noise": { $0.noiseProbability = 0.7 },
  "rician noise": { ($0.noiseProbability, $0.noiseKind) = (0.7, .rician) },
  "low resolution": { ($0.lowResolutionProbability, $0.lowResolution) = (0.7, 1...5) },
  "cutout": { $0.cutoutProbability = 0.7 },
  "all": {
    ($0.contrastProbability, $0.gammaProbability, $0.biasProbability) = (0.7, 0.7, 0.7)
    ($0.blurProbability, $0.noiseProbability, $0.lowResolutionProbability) = (0.7, 0.7, 0.7)
    ($0.cutoutProbability, $0.noiseKind) = (0.7, .rician)
  },
]

/// How views may lie, one way at a time and in all.
private let places: [String: GeometryRecipe] = [
  "identity": .identity,
  "crop": GeometryRecipe(rotation: 0...0, elasticProbability: 0),
  "rotation": GeometryRecipe(rotation: -45...45, elasticProbability: 0),
  "shear": GeometryRecipe(rotation: 0...0, shear: -20...20, elasticProbability: 0),
  "flip": GeometryRecipe(rotation: 0...0, flip: .both, elasticProbability: 0),
  "elastic": GeometryRecipe(rotation: 0...0, elastic: 0.25, elasticProbability: 0.7),
  "beyond the slice": GeometryRecipe(area: 1...2, elasticProbability: 0),
  "all": GeometryRecipe(shear: -10...10, flip: .both, elastic: 0.2, elasticProbability: 0.7),
]

private let devices: [Device] = Device.cudaCount > 0 ? [.cpu, .cuda(0)] : [.cpu]

/// Views of slices of 61×47 pixels and two channels, on a device and by the crop kernel.
@Suite struct DeviceViewsTests {
  private let width = 61
  private let height = 47

  /// Structure of some pixels' size; and no structure at all, where a place that is off by a pixel shows most.
  private func slice(_ ordinal: UInt64) -> [Int16] {
    var random = Philox(seed: 4, ordinal: ordinal)
    let waves = (0..<width * height).map { i in
      let (x, y) = (Double(i % width), Double(i / width))
      return Int16(4000 * sin(x / 5 + Double(ordinal)) * cos(y / 7) + 20 * x - 15 * y)
    }
    return waves + (0..<width * height).map { _ in Int16(random.index(below: 2000) - 1000) }
  }

  private func pairs(_ recipe: CropPairRecipe, _ size: (Int, Int), count: Int) -> [CropPair] {
    (0..<count).map { n in
      var random = Philox(seed: 21, ordinal: UInt64(n))
      func view() -> CropView {
        CropView(
          geometry: .draw(
            recipe.geometry, width: size.0, height: size.1, sliceWidth: width, sliceHeight: height,
            using: &random),
          intensity: .draw(recipe.intensity, width: size.0, height: size.1, using: &random))
      }
      let query = view()
      return CropPair(query: query, key: view())
    }
  }

  /// The largest difference from the kernel's views, in standard deviations of the view's channel.
  private func worst(
    _ recipe: CropPairRecipe, _ size: (Int, Int), _ device: Device, scale: Float, offset: Float
  ) throws -> Double {
    let pairs = pairs(recipe, size, count: 5)
    let slices = (0..<5).map { slice($0) }
    let stored = try Tensor(slices.flatMap { $0 }, [5, 2, height, width], device: device)
    let made = try DeviceViews(of: stored, pairs).made(scale: scale, offset: offset)
    #expect(made.queries.shape == [5, 2, size.1, size.0] && made.queries.device == device)
    var worst = 0.0
    for (n, pair) in pairs.enumerated() {
      for (view, images) in [(pair.query, made.queries), (pair.key, made.keys)] {
        let found = try images[n].floats()
        let expected = slices[n].withUnsafeBufferPointer {
          view.applied(
            to: SlicePixels(
              $0, channels: 2, height: height, width: width, scale: scale, offset: offset))
        }
        for channel in 0..<2 {
          let part = channel * size.0 * size.1..<(channel + 1) * size.0 * size.1
          worst = max(worst, difference(found[part], expected[part]))
        }
      }
    }
    return worst
  }

  private func difference(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Double {
    let mean = b.reduce(0.0) { $0 + Double($1) } / Double(b.count)
    let variance = b.reduce(0.0) { $0 + pow(Double($1) - mean, 2) } / Double(b.count)
    let largest = zip(a, b).map { abs(Double($0) - Double($1)) }.max() ?? .infinity
    return largest / max(variance.squareRoot(), 1e-6)
  }

  @Test(arguments: changes.keys.sorted(), devices)
  func everyChangeIsThatOfTheKernel(name: String, device: Device) throws {
    var recipe = CropPairRecipe()
    recipe.intensity = .identity
    changes[name]?(&recipe.intensity)
    for (size, scale) in [((40, 33), 0.5), ((64, 20), -0.25)] as [((Int, Int), Float)] {
      let worst = try worst(recipe, size, device, scale: scale, offset: 30)
      #expect(worst < 1e-4, "\(name) at \(size): \(worst)")
    }
  }

  @Test(arguments: places.keys.sorted(), devices)
  func everyPlaceIsThatOfTheKernel(name: String, device: Device) throws {
    var recipe = CropPairRecipe()
    recipe.intensity = .identity
    recipe.geometry = places[name]!
    let worst = try worst(recipe, (50, 40), device, scale: 0.01, offset: -3)
    #expect(worst < 1e-4, "\(name): \(worst)")
  }

  @Test(arguments: devices) func aSliceOfOneValueKeepsIt(device: Device) throws {
    var recipe = CropPairRecipe()
    changes["all"]?(&recipe.intensity)
    let flat = try Tensor(
      [Int16](repeating: 700, count: 5 * 2 * height * width), [5, 2, height, width])
    let made = try DeviceViews(of: flat.to(device), pairs(recipe, (20, 20), count: 5))
      .made(scale: 0.5, offset: 50)
    #expect(try (made.queries.floats() + made.keys.floats()).allSatisfy { abs($0 - 400) < 1e-3 })
  }

  @Test func aRunLearnsTheSameFromViewsMadeOnTheDevice() throws {
    let losses = try PretrainRecipe.ViewPlace.allCases.map { place in
      var recipe = smallRecipe()
      (recipe.steps, recipe.views) = (2, place)
      return try withFolder { folder in
        try #require(try pretrain(data, recipe: recipe, into: folder).last).loss
      }
    }
    #expect(abs(losses[0] - losses[1]) < 1e-3 * losses[0], "\(losses)")
  }
}
