import Foundation
import Imaging
import SliceStore
import Zarr

/// What `store.py` times: one job a process, its CPU seconds (and whatever else it found) as JSON.
///
///     bench-store write RAW SIDE STORE REPEAT THREADS PACKING   a slice store of REPEAT volumes of all slices in RAW
///     bench-store pack RAW SIDE REPEAT PACKING                  the same slices packed in memory, by the store's codec
///     bench-store read STORE ORDER                              slices in the order of u32 in a file, one thread
///     bench-store open STORE ORDER                              opening, memory before and after reading, the same again
///
/// PACKING: small or fast, as in a recipe.
let arguments = CommandLine.arguments
guard arguments.count > 2 else { fatalError("see the comment above") }

func cpuSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

func wallSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// A line of /proc/self/status, in MB.
func memory(_ name: String) -> Double {
  let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
  let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") } ?? ""
  return Double(line.split(whereSeparator: { !$0.isNumber }).first ?? "0")! / 1000
}

/// Calls of malloc and of pthread_mutex_lock so far, where `counting.c` is preloaded.
func calls(_ name: String) -> Int {
  typealias Counter = @convention(c) () -> Int
  guard let symbol = dlsym(nil, name) else { return -1 }
  return unsafeBitCast(symbol, to: Counter.self)()
}

func print(_ values: [String: Double]) {
  let text = values.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }
  Swift.print("{" + text.joined(separator: ", ") + "}")
}

func order(_ path: String) throws -> [Int] {
  try Data(contentsOf: URL(fileURLWithPath: path)).withUnsafeBytes { raw in
    raw.bindMemory(to: UInt32.self).map { Int($0) }
  }
}

func slices(_ path: String) throws -> [Int16] {
  try Data(contentsOf: URL(fileURLWithPath: path)).withUnsafeBytes { raw in
    Array(raw.bindMemory(to: Int16.self))
  }
}

func write() throws {
  let pixels = try slices(arguments[2])
  let side = Int(arguments[3])!
  let depth = pixels.count / (side * side)
  let attributes = SliceStoreAttributes(
    channels: 1, height: side, width: side, packing: SlicePacking(rawValue: arguments[7])!)
  let start = (cpuSeconds(), wallSeconds())
  let writer = try SliceStoreWriter(
    arguments[4], attributes: attributes, threads: Int(arguments[6])!)
  let grid = Grid(size: SIMD3(side, side, depth), affine: .identity)
  for v in 0..<Int(arguments[5])! {
    let record = SliceVolumeRecord(
      id: "v\(v)", patient: "p", source: grid, canvas: grid, sliceAxis: 2,
      intensity: [ChannelIntensity(lower: 0, upper: 1, shift: 0, scale: 1)])
    try writer.append(record, slices: pixels)
  }
  try writer.finish(split: ["p": .train])
  print([
    "cpu": cpuSeconds() - start.0, "wall": wallSeconds() - start.1, "peak": memory("VmHWM"),
    "slices": Double(writer.sliceCount),
  ])
}

func pack() throws {
  let pixels = try slices(arguments[2])
  let side = Int(arguments[3])!
  let size = 2 * side * side
  let codec = SlicePacking(rawValue: arguments[5])!.codec
  var bytes = 0
  let start = cpuSeconds()
  pixels.withUnsafeBytes { all in
    for _ in 0..<Int(arguments[4])! {
      codec.encodeEach(
        0..<all.count / size, threads: 1,
        chunk: { UnsafeRawBufferPointer(rebasing: all[$0 * size..<($0 + 1) * size]) }
      ) { (_, packed) throws(Never) in bytes += packed.count }
    }
  }
  print(["cpu": cpuSeconds() - start, "bytes": Double(bytes)])
}

func read() throws {
  let store = try SliceStore(arguments[2])
  let order = try order(arguments[3])
  var pixels = [Int16](repeating: 0, count: store.attributes.sliceCount)
  for n in order.prefix(512) {
    try pixels.withUnsafeMutableBufferPointer { try store.readImage(n, into: $0) }
  }
  let before = (calls("counted_allocations"), calls("counted_locks"))
  var sum = 0
  let start = cpuSeconds()
  for n in order {
    try pixels.withUnsafeMutableBufferPointer { try store.readImage(n, into: $0) }
    sum &+= Int(pixels[pixels.count / 2])
  }
  print([
    "cpu": cpuSeconds() - start, "sum": Double(sum),
    "allocations": Double(calls("counted_allocations") - before.0),
    "locks": Double(calls("counted_locks") - before.1),
  ])
}

func open() throws {
  let order = try order(arguments[3])
  let before = memory("VmRSS")
  let start = wallSeconds()
  let store = try SliceStore(arguments[2])
  let opened = wallSeconds() - start
  let resident = memory("VmRSS") - before
  var pixels = [Int16](repeating: 0, count: store.attributes.sliceCount)
  func readAll() throws -> Double {
    let start = cpuSeconds()
    for n in order {
      try pixels.withUnsafeMutableBufferPointer { try store.readImage(n, into: $0) }
    }
    return cpuSeconds() - start
  }
  let first = try readAll()
  print([
    "slices": Double(store.count), "volumes": Double(store.volumes.count), "open": opened * 1000,
    "opened": resident, "cpu": first, "again": try readAll(), "anonymous": memory("RssAnon"),
    "resident": memory("VmRSS") - before, "peak": memory("VmHWM") - before,
  ])
}

switch arguments[1] {
case "write": try write()
case "pack": try pack()
case "read": try read()
case "open": try open()
default: fatalError("see the comment above")
}
