// Views of 192×192 pixels from slices of 256×256, by the recipe's standard set of changes.
//
//   bench-crops write FILE                 slices and drawn views, for itself and for crops.c
//   bench-crops apply FILE SECONDS LEVEL   makes those views; LEVEL: baseline or v3
//   bench-crops draw  FILE SECONDS LEVEL   draws others as it goes
//
// Prints views per CPU second, and the mean and deviation of all pixels of the first pass.
import Augment
import Foundation

let side = 256
let slices = 16
let pairs = 256
let recipe = CropPairRecipe()

/// Structure of many sizes and some noise, in the range of CT.
func slice(_ n: Int) -> [Int16] {
  var random = Philox(seed: 5, ordinal: UInt64(n))
  let waves = (0..<24).map { k in
    let size = exp(Double(k) / 24 * 3.5) / 40
    let angle = random.uniform(in: 0...6.28)
    return (cos(angle) * size, sin(angle) * size, random.uniform(in: 0...6.28), 90 / (1 + size))
  }
  return (0..<side * side).map { i in
    let (x, y) = (Double(i % side), Double(i / side))
    let inside = hypot(x - 128, y - 128) < 110
    let sum = waves.reduce(0.0) { $0 + sin($1.0 * x + $1.1 * y + $1.2) * $1.3 }
    return Int16(inside ? 40 + sum + random.uniform(in: -15...15) : -1000)
  }
}

func draw(_ n: Int, seed: UInt64) -> CropPair {
  var random = Philox(seed: seed, ordinal: UInt64(n))
  return .draw(recipe, sliceHeight: side, sliceWidth: side, using: &random)
}

extension Data {
  mutating func append<Number>(number: Number) {
    Swift.withUnsafeBytes(of: number) { append(contentsOf: $0) }
  }
}

func record(_ view: CropView) -> Data {
  var data = Data()
  let (affine, change) = (view.geometry.affine, view.intensity)
  for value in [affine.x.x, affine.x.y, affine.y.x, affine.y.y, affine.origin.x, affine.origin.y] {
    data.append(number: Float(value))
  }
  data.append(number: Int32(view.geometry.elastic == nil ? 0 : 1))
  let none = [Float](repeating: 0, count: 49)
  for value in (view.geometry.elastic?.x ?? none) + (view.geometry.elastic?.y ?? none) {
    data.append(number: value)
  }
  for value in [change.gamma, change.contrast, change.brightness, change.blur, change.noise] {
    data.append(number: Float(value))
  }
  data.append(number: change.noiseSeed)
  return data
}

func write(_ path: String) throws {
  var data = Data()
  for count in [slices, pairs] { data.append(number: Int32(count)) }
  for n in 0..<slices { slice(n).withUnsafeBytes { data.append(contentsOf: $0) } }
  for n in 0..<pairs {
    let pair = draw(n, seed: 1)
    data.append(record(pair.query))
    data.append(record(pair.key))
  }
  try data.write(to: URL(fileURLWithPath: path))
}

func seconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

func run(drawing: Bool, for limit: Double, _ level: InstructionLevel) {
  let stored = (0..<slices).map(slice)
  let drawn = (0..<pairs).map { draw($0, seed: 1) }
  let count = recipe.size * recipe.size
  let view = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
  view.initialize(repeating: 0)
  var (begin, total, square, made, pass) = (0.0, 0.0, 0.0, 0, 0)
  while pass == 0 || seconds() - begin < limit {
    if pass == 1 { (begin, made) = (seconds(), 0) }
    for n in 0..<pairs {
      let pair = drawing ? draw(n, seed: UInt64(pass + 1)) : drawn[n]
      stored[n % slices].withUnsafeBufferPointer {
        let pixels = SlicePixels(
          $0, channels: 1, height: side, width: side, scale: 1, offset: 0, level: level)
        for one in [pair.query, pair.key] {
          one.apply(to: pixels, into: view, level: level)
          made += 1
          guard pass == 0 else { continue }
          for value in view {
            total += Double(value)
            square += Double(value) * Double(value)
          }
        }
      }
    }
    pass += 1
  }
  let pixels = Double(2 * pairs * count)
  let mean = total / pixels
  let rate = Double(made) / (seconds() - begin)
  print(
    String(
      format: "%.1f %.5f %.5f", rate, mean, (square / pixels - mean * mean).squareRoot()))
}

let arguments = CommandLine.arguments.dropFirst()
switch (arguments.first, arguments.count) {
case ("write", 2): try write(CommandLine.arguments[2])
case ("apply", 4), ("draw", 4):
  guard let level = InstructionLevel(rawValue: CommandLine.arguments[4]),
    InstructionLevel.available.contains(level), let limit = Double(CommandLine.arguments[3])
  else { exit(2) }
  run(drawing: arguments.first == "draw", for: limit, level)
default: exit(2)
}
