import Augment
import Foundation
import Loader
import SSL

/// Eight volumes of ten slices.
let cohort = smallCohort(volumes: 8, slices: 10)

/// Volumes of round bodies with a few organs each, whose places differ from volume to volume and
/// move slowly from slice to slice: 48×40 pixels, 3 mm apart.
private func smallCohort(volumes: Int, slices: Int) -> MemorySlices {
  var all: [MemorySlices.Slice] = []
  for volume in 0..<volumes {
    var random = Philox(seed: 5, ordinal: UInt64(volume))
    let organs = (0..<5).map { _ in
      (
        x: random.uniform(in: 8...32), y: random.uniform(in: 10...38),
        radius: random.uniform(in: 3...7), value: random.uniform(in: -900...900),
        drift: random.uniform(in: -1...1)
      )
    }
    for z in 0..<slices {
      var pixels = [Int16](repeating: -1000, count: 48 * 40)
      for y in 0..<48 {
        for x in 0..<40 {
          let body = hypot((Double(x) - 20) / 18, (Double(y) - 24) / 22)
          var value = body < 1 ? 0.0 : -1000
          for organ in organs {
            let distance = hypot(
              Double(x) - organ.x - organ.drift * Double(z), Double(y) - organ.y)
            if body < 1, distance < organ.radius { value = organ.value }
          }
          pixels[y * 40 + x] = Int16(value + random.uniform(in: -40...40))
        }
      }
      all.append(.init(pixels: pixels, volume: volume, position: Float(3 * z)))
    }
  }
  var cohort = MemorySlices(channels: 1, height: 48, width: 40, slices: all)
  cohort.scale = 1 / 500
  return cohort
}

/// All slices of the cohort, to learn from.
let data = PretrainData(
  cohort, slices: cohort.selection(), preprocessing: #"{"plane":"axial"}"#, digest: "d1")

/// The whole method, small: a U-Net of three stages, views of 32 pixels, batches of 8, one thread.
func smallRecipe() -> PretrainRecipe {
  var recipe = PretrainRecipe()
  recipe.features = [8, 16, 16]
  (recipe.batch, recipe.queue, recipe.steps) = (8, 32, 4)
  (recipe.optimiser, recipe.lr, recipe.warmup) = (.adamw, 3e-3, 2)
  recipe.dimensions = 32
  recipe.window = 4
  recipe.crops.size = 32
  (recipe.crops.regions.count, recipe.crops.regions.side) = (6, 0.2)
  recipe.local.dimensions = 16
  recipe.decorrelation.width = 16
  (recipe.saveEvery, recipe.logEvery, recipe.spectrumEvery) = (0, 1, 0)
  recipe.threads = 1
  return recipe
}

/// The same for another method, with a spectrum at the end.
func smallRecipe(_ method: PretrainRecipe.Method) -> PretrainRecipe {
  var recipe = smallRecipe()
  (recipe.method, recipe.local.enabled, recipe.decorrelation.place) = (method, false, .none)
  (recipe.vicreg.dimensions, recipe.mae.width, recipe.spectrumEvery) = (32, 16, 100)
  return recipe
}

/// Batches of the cohort's crop pairs, made in this thread.
func batches(_ recipe: PretrainRecipe) throws -> CropPairBatches {
  try CropPairBatches(
    cohort, recipe: recipe.crops, batchSize: recipe.batch, seed: recipe.seed, threads: 0)
}

/// The small recipe with a change, resolved for the cohort.
func resolved(_ change: (inout PretrainRecipe) -> Void = { _ in }) throws -> PretrainRecipe {
  var recipe = smallRecipe()
  change(&recipe)
  return try recipe.resolved(slices: 80)
}

/// MoCo with a full queue.
func filled(_ recipe: PretrainRecipe, _ stream: CropPairBatches) throws -> MoCo {
  var moco = try MoCo(recipe, channels: 1)
  while moco.isFilling { try moco.fill(from: stream.next()) }
  return moco
}
