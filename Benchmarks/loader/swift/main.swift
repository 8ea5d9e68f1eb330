// The loader beside the bare kernel: read, decode, draw, crop and put into batches, from a store of
// 256×256 slices to two views of 192×192.
//
//   bench-loader FOLDER [ROUNDS]     FOLDER: where a store is made and removed (the page cache warm)
//
// Prints pairs a CPU second, medians of rounds in turn, and ratios within each round; for two threads
// also pairs a second of wall time, which means something on two idle cores only.
import Augment
import Foundation
import Imaging
import Loader
import SliceStore

let side = 256
let perVolume = 50
let volumes = 20
let batchSize = 32
let batches = 24

/// Structure of several sizes under noise.
func slice(_ n: Int) -> [Int16] {
  var random = Philox(seed: 3, ordinal: UInt64(n))
  let waves = (0..<6).map { _ in
    (random.uniform(in: -0.2...0.2), random.uniform(in: -0.2...0.2), random.uniform(in: 0...6))
  }
  return (0..<side * side).map { i in
    let (x, y) = (Double(i % side), Double(i / side))
    let inside = hypot(x - 128, y - 128) < 110
    let sum = waves.reduce(0.0) { $0 + sin($1.0 * x + $1.1 * y + $1.2) }
    return Int16(inside ? 1000 + 150 * sum + random.uniform(in: -60...60) : 0)
  }
}

func write(_ path: String) throws {
  let attributes = SliceStoreAttributes(
    channels: 1, height: side, width: side, scaleFactor: 0.001, addOffset: -1, labelNames: [:])
  let writer = try SliceStoreWriter(path, attributes: attributes)
  let affine = Affine(x: [1, 0, 0], y: [0, 1, 0], z: [0, 0, 3], origin: [0, 0, 0])
  let grid = Grid(size: [side, side, perVolume], affine: affine)
  var split: [String: SplitPart] = [:]
  for volume in 0..<volumes {
    let name = "v\(volume)"
    split[name] = .train
    try writer.append(
      SliceVolumeRecord(
        id: name, patient: name, source: grid, canvas: grid, sliceAxis: 2,
        intensity: [ChannelIntensity(lower: 0, upper: 2000, shift: 1000, scale: 1000)]),
      slices: (0..<perVolume).flatMap { slice(volume * perVolume + $0) }, labels: nil)
  }
  try writer.finish(split: split)
}

func seconds(_ clock: clockid_t) -> Double {
  var time = timespec()
  clock_gettime(clock, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Pairs a CPU second and a second of wall time.
func rate(_ body: () throws -> Int) rethrows -> (cpu: Double, wall: Double) {
  let (cpu, wall) = (seconds(CLOCK_PROCESS_CPUTIME_ID), seconds(CLOCK_MONOTONIC))
  let pairs = Double(try body())
  return (
    pairs / (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu), pairs / (seconds(CLOCK_MONOTONIC) - wall)
  )
}

/// Drawn and made from slices in memory, into the same two views.
func bare(_ slices: [[Int16]], _ recipe: CropPairRecipe) -> Int {
  let views = UnsafeMutableBufferPointer<Float>.allocate(capacity: recipe.size * recipe.size)
  defer { views.deallocate() }
  for n in 0..<batches * batchSize {
    var random = Philox(seed: 1, ordinal: UInt64(n))
    let pair = CropPair.draw(recipe, sliceHeight: side, sliceWidth: side, using: &random)
    slices[n % slices.count].withUnsafeBufferPointer {
      let pixels = SlicePixels(
        $0, channels: 1, height: side, width: side, scale: 0.001, offset: -1)
      pair.query.apply(to: pixels, into: views)
      pair.key.apply(to: pixels, into: views)
    }
  }
  return batches * batchSize
}

func loaded(_ store: SliceStore, _ recipe: CropPairRecipe, threads: Int) throws -> Int {
  let stream = try CropPairBatches(
    store, recipe: recipe, batchSize: batchSize, seed: 1, threads: threads)
  for _ in 0..<batches { _ = try stream.next() }
  return batches * batchSize
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

guard CommandLine.arguments.count >= 2 else { exit(2) }
let path = CommandLine.arguments[1] + "/bench-loader.zarr"
let rounds = CommandLine.arguments.count > 2 ? Int(CommandLine.arguments[2]) ?? 5 : 5
try? FileManager.default.removeItem(atPath: path)
try write(path)
defer { try? FileManager.default.removeItem(atPath: path) }
let store = try SliceStore(path)
let memory = (0..<64).map(slice)
let full = CropPairRecipe()
var plain = full
plain.regions.count = 0

var results: [[(cpu: Double, wall: Double)]] = []
for _ in 0..<rounds {
  results.append([
    rate { bare(memory, plain) }, try rate { try loaded(store, plain, threads: 0) },
    try rate { try loaded(store, full, threads: 0) },
    try rate { try loaded(store, plain, threads: 1) },
    try rate { try loaded(store, plain, threads: 2) },
  ])
}
let names = [
  "bare: draw and make, slices in memory", "loader, no regions",
  "loader, with the recipe's regions",
  "loader, one thread of its own", "loader, two threads of its own",
]
print("| | pairs/CPU-s | of bare | pairs/s, wall |\n|---|---|---|---|")
for (n, name) in names.enumerated() {
  let cpu = median(results.map { $0[n].cpu })
  let ratio = median(results.map { $0[n].cpu / $0[0].cpu })
  let wall = median(results.map { $0[n].wall })
  print(String(format: "| \(name) | %.0f | %.2f | %.0f |", cpu, ratio, wall))
}
let gain = median(results.map { $0[4].wall / $0[3].wall })
let cost = median(results.map { $0[4].cpu / $0[3].cpu })
print(String(format: "\nTwo threads over one: %.2f in wall time, %.2f per CPU second.", gain, cost))
