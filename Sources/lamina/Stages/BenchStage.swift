import Foundation
import Loader
import SSL
import SliceStore
import Torch

/// How fast a store is read, cropped and learned from.
struct BenchResult: Encodable {
  /// Slices of the store, and the bytes that one takes on disk.
  var slices: Int
  var bytesPerSlice: Double
  /// Slices read and decoded in a random order on one thread, by the clock.
  var slicesReadPerSecond: Double
  /// Crop pairs drawn and made from slices that have been read, for each second of one core.
  var cropPairsPerCoreSecond: Double
  /// What the loader makes on one thread, reading included, by the clock.
  var loaderPairsPerSecond: Double
  /// The time of a training step and the pairs that it learns from; nil where none was made.
  var trainingStepSeconds: Double?
  var batch: Int
  /// Which of them the others wait for, in words.
  var bottleneck = ""

  /// Pairs that training takes in a second.
  var trainingPairsPerSecond: Double? { trainingStepSeconds.map { Double(batch) / $0 } }

  /// A table of what was measured.
  var rows: [[String]] {
    func row(_ name: String, _ value: Double, _ digits: Int = 0) -> [String] {
      [name, String(format: "%.\(digits)f", value)]
    }
    var rows = [
      ["measured", "value"], row("bytes of a slice on disk", bytesPerSlice),
      row("slices read per second, one thread", slicesReadPerSecond),
      row("crop pairs per second of one core", cropPairsPerCoreSecond),
      row("crop pairs per second of the loader, one thread", loaderPairsPerSecond),
    ]
    if let step = trainingStepSeconds, let pairs = trainingPairsPerSecond {
      rows.append(row("seconds of a training step of \(batch) pairs", step, 3))
      rows.append(row("crop pairs per second that training takes", pairs, 1))
    }
    return rows
  }

  /// Compares what is supplied with what is taken.
  mutating func judge() {
    let supply =
      slicesReadPerSecond < cropPairsPerCoreSecond ? "reading slices" : "making crop pairs"
    guard let taken = trainingPairsPerSecond else {
      bottleneck = "Of the loader's parts, \(supply) is the slower one."
      return
    }
    let times = loaderPairsPerSecond / taken
    if times >= 1 {
      bottleneck = String(
        format: "The training step is the bottleneck: one loader thread could feed %.1f of it.",
        times)
    } else {
      bottleneck = String(
        format:
          "The loader is the bottleneck, by \(supply): %.0f threads would keep up with training.",
        (1 / times).rounded(.up))
    }
  }
}

/// Measures a slice store under a recipe; writes nothing.
func bench(
  _ path: String, recipe: PretrainRecipe, for seconds: Double, device: Device?, console: Console
) throws -> BenchResult {
  let store = try SliceStore(path)
  let slices = try trainingSlices(of: store).slices
  let recipe = try recipe.resolved(slices: slices.count)
  var crops = recipe.crops
  if !recipe.contrastsRegions { crops.regions.count = 0 }
  func batches(_ source: any SliceSource, _ slices: SliceSelection?) throws -> CropPairBatches {
    try CropPairBatches(
      source, slices: slices, recipe: crops, makingViews: recipe.views == .cpu,
      batchSize: recipe.batch, seed: recipe.seed, threads: 0)
  }
  console.note("bench: reading")
  let reading = try readingRate(store, slices, for: seconds)
  console.note("bench: crop pairs")
  let held = try batches(try memory(store, Array(slices.prefix(64))), nil)
  let cropping = try rate(of: CLOCK_PROCESS_CPUTIME_ID, for: seconds) { try held.next().count }
  let stream = try batches(store, slices)
  let loading = try rate(of: CLOCK_MONOTONIC, for: seconds) { try stream.next().count }
  let bytes = try describe(path).bytes
  var result = BenchResult(
    slices: store.count, bytesPerSlice: Double(bytes) / Double(max(store.count, 1)),
    slicesReadPerSecond: reading, cropPairsPerCoreSecond: cropping, loaderPairsPerSecond: loading,
    batch: recipe.batch)
  if let device {
    console.note("bench: training steps of \(recipe.batch) pairs")
    result.trainingStepSeconds = try stepTime(
      recipe, stream, channels: store.channels, device: device, for: seconds)
  }
  result.judge()
  return result
}

private func readingRate(
  _ store: SliceStore, _ slices: SliceSelection, for seconds: Double
) throws -> Double {
  var pixels = [Int16](repeating: 0, count: store.attributes.sliceCount)
  return try rate(of: CLOCK_MONOTONIC, for: seconds) {
    let slice = slices[Int.random(in: slices.indices)]
    try pixels.withUnsafeMutableBufferPointer { try store.readImage(slice, into: $0) }
    return 1
  }
}

/// Some slices of a store, in memory.
private func memory(_ store: SliceStore, _ slices: [Int]) throws -> MemorySlices {
  var held = MemorySlices(
    channels: store.channels, height: store.height, width: store.width,
    slices: try slices.map { slice in
      var pixels = [Int16](repeating: 0, count: store.attributes.sliceCount)
      try pixels.withUnsafeMutableBufferPointer { try store.readImage(slice, into: $0) }
      return .init(
        pixels: pixels, volume: store.volume(of: slice), position: store.position(of: slice))
    })
  (held.scale, held.offset) = (store.scale, store.offset)
  return held
}

/// What `body` counts, for each second of a clock; once before the clock starts.
private func rate(
  of clock: clockid_t, for seconds: Double, _ body: () throws -> Int
) throws -> Double {
  _ = try body()
  let begin = time(clock)
  var (done, now) = (0, begin)
  while now - begin < seconds {
    done += try body()
    now = time(clock)
  }
  return Double(done) / (now - begin)
}

private func time(_ clock: clockid_t) -> Double {
  var time = timespec()
  clock_gettime(clock, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// The time of a step by the clock, after one that is not counted; its queue holds one batch.
private func stepTime(
  _ recipe: PretrainRecipe, _ stream: CropPairBatches, channels: Int, device: Device,
  for seconds: Double
) throws -> Double {
  LibTorch.use(threads: recipe.threads)
  var small = recipe
  small.queue = min(recipe.queue, recipe.batch)
  var method = try small.objective(channels: channels, device: device)
  let batch = try stream.next()
  while method.isFilling { try method.fill(from: batch) }
  return 1
    / (try rate(of: CLOCK_MONOTONIC, for: seconds) {
      _ = try method.step(batch)
      try device.synchronize()
      return 1
    })
}
