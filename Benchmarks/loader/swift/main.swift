// The loader beside the bare kernel: read, decode, draw, crop and put into batches, from a store of
// 256×256 slices to two views of 192×192.
//
//   bench-loader FOLDER [ROUNDS] [PACKING] [SLICES]
//
// FOLDER: where a store is made and removed (the page cache warm). PACKING: small or fast, as in a
// recipe. SLICES: a file of 256×256 int16, used in turn instead of made ones. Prints pairs a CPU
// second, medians of rounds in turn, and ratios within each round; for two threads also pairs a
// second of wall time, which means something on two idle cores only.
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
let packing = CommandLine.arguments.dropFirst(3).first.map { SlicePacking(rawValue: $0)! }
let given = try CommandLine.arguments.dropFirst(4).first.map { path in
  try Data(contentsOf: URL(fileURLWithPath: path)).withUnsafeBytes {
    Array($0.bindMemory(to: Int16.self))
  }
}

/// One of the slices given, or structure of several sizes under noise.
func slice(_ n: Int) -> [Int16] {
  let plane = side * side
  if let given { return Array(given.dropFirst(n % (given.count / plane) * plane).prefix(plane)) }
  var random = Philox(seed: 3, ordinal: UInt64(n))
  var sum = [Double](repeating: 0, count: plane)
  for _ in 0..<6 {
    let (a, b) = (random.uniform(in: -0.2...0.2), random.uniform(in: -0.2...0.2))
    let c = random.uniform(in: 0...6)
    let across = (0..<side).map { (sin(a * Double($0)), cos(a * Double($0))) }
    let down = (0..<side).map { (sin(b * Double($0) + c), cos(b * Double($0) + c)) }
    for i in 0..<plane {
      let (x, y) = (across[i % side], down[i / side])
      sum[i] += x.0 * y.1 + x.1 * y.0
    }
  }
  return (0..<plane).map { i in
    let (x, y) = (i % side - 128, i / side - 128)
    guard x * x + y * y < 110 * 110 else { return 0 }
    return Int16(1000 + 150 * sum[i] + random.uniform(in: -60...60))
  }
}

func write(_ path: String) throws {
  let attributes = SliceStoreAttributes(
    channels: 1, height: side, width: side, scaleFactor: 0.001, addOffset: -1, packing: packing)
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
typealias Rate = (cpu: Double, wall: Double)

func rate(_ body: () throws -> Int) rethrows -> Rate {
  let (cpu, wall) = (seconds(CLOCK_PROCESS_CPUTIME_ID), seconds(CLOCK_MONOTONIC))
  let pairs = Double(try body())
  return (
    pairs / (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu), pairs / (seconds(CLOCK_MONOTONIC) - wall)
  )
}

/// Drawn (with the regions, if there are any) and made from slices in memory, into the same view.
func bare(_ slices: [[Int16]], _ recipe: CropPairRecipe) -> Int {
  let views = UnsafeMutableBufferPointer<Float>.allocate(capacity: recipe.size * recipe.size)
  defer { views.deallocate() }
  for n in 0..<batches * batchSize {
    var random = Philox(seed: 1, ordinal: UInt64(n))
    let pair = CropPair.draw(recipe, sliceHeight: side, sliceWidth: side, using: &random)
    if recipe.regions.count > 0 {
      var points = Philox(seed: 1, ordinal: UInt64(n), stream: 1)
      let regions = LocalRegions.draw(
        pair, recipe.regions, sliceHeight: side, sliceWidth: side, using: &points)
      precondition(regions.overlap.count == recipe.regions.count * recipe.regions.count)
    }
    slices[n % slices.count].withUnsafeBufferPointer {
      let pixels = SlicePixels(
        $0, channels: 1, height: side, width: side, scale: 0.001, offset: -1)
      pair.query.apply(to: pixels, into: views)
      pair.key.apply(to: pixels, into: views)
    }
  }
  return batches * batchSize
}

/// Batches of a stream that has been running for a while.
func loaded(_ store: SliceStore, _ recipe: CropPairRecipe, threads: Int) throws -> Rate {
  let stream = try CropPairBatches(
    store, recipe: recipe, batchSize: batchSize, seed: 1, threads: threads)
  for _ in 0..<8 { _ = try stream.next() }
  return try rate {
    for _ in 0..<batches { _ = try stream.next() }
    return batches * batchSize
  }
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

let runs: [(name: String, against: Int, run: () throws -> Rate)] = [
  ("bare: draw and make, slices in memory", 0, { rate { bare(memory, plain) } }),
  ("loader", 0, { try loaded(store, plain, threads: 0) }),
  ("bare with the recipe's regions drawn", 2, { rate { bare(memory, full) } }),
  ("loader with the recipe's regions", 2, { try loaded(store, full, threads: 0) }),
  ("loader, one thread of its own", 0, { try loaded(store, plain, threads: 1) }),
  ("loader, two threads of its own", 0, { try loaded(store, plain, threads: 2) }),
]
var results: [[Rate]] = []
for _ in 0..<rounds { results.append(try runs.map { try $0.run() }) }
print("| | pairs/CPU-s | of its bare | pairs/s, wall |\n|---|---|---|---|")
for (n, run) in runs.enumerated() {
  let cpu = median(results.map { $0[n].cpu })
  let ratio = median(results.map { $0[n].cpu / $0[run.against].cpu })
  let wall = median(results.map { $0[n].wall })
  print(String(format: "| \(run.name) | %.0f | %.2f | %.0f |", cpu, ratio, wall))
}
let gain = median(results.map { $0[5].wall / $0[4].wall })
let cost = median(results.map { $0[5].cpu / $0[4].cpu })
print(String(format: "\nTwo threads over one: %.2f in wall time, %.2f per CPU second.", gain, cost))
