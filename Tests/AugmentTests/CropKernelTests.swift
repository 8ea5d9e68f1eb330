import Augment
import Foundation
import Testing

/// Intensity changes one at a time, and all at once.
private let changes: [String: @Sendable (inout IntensityRecipe) -> Void] = [
  "nothing": { _ in },
  "contrast": { $0.contrastProbability = 1 },
  "gamma": { $0.gammaProbability = 1 },
  "bias": { $0.biasProbability = 1 },
  "blur": { $0.blurProbability = 1 },
  "wide blur": { ($0.blurProbability, $0.blur) = (1, 4...6) },
  "gaussian noise": { $0.noiseProbability = 1 },
  "rician noise": { ($0.noiseProbability, $0.noiseKind) = (1, .rician) },
  "low resolution": { ($0.lowResolutionProbability, $0.lowResolution) = (1, 1.5...5) },
  "cutout": { $0.cutoutProbability = 1 },
  "all": {
    ($0.contrastProbability, $0.gammaProbability, $0.biasProbability) = (1, 1, 1)
    ($0.blurProbability, $0.noiseProbability, $0.lowResolutionProbability) = (1, 1, 1)
    ($0.cutoutProbability, $0.noiseKind) = (1, .rician)
  },
]

@Suite struct CropKernelTests {
  private let width = 61
  private let height = 47

  /// Two channels: structure of some pixels' size, and speckle.
  private var stored: [Int16] {
    let waves = (0..<width * height).map { i in
      let (x, y) = (Double(i % width), Double(i / width))
      return Int16(4000 * sin(x / 5) * cos(y / 7) + 20 * x - 15 * y)
    }
    return waves + speckle(count: width * height)
  }

  private func view(_ name: String, seed: UInt64, width: Int, height: Int) -> CropView {
    var generator = Philox(seed: seed, ordinal: 77)
    var recipe = IntensityRecipe.identity
    changes[name]?(&recipe)
    let geometry = GeometryRecipe(
      shear: -10...10, flip: .both, elastic: 0.2, elasticProbability: 0.5)
    return CropView(
      geometry: .draw(
        geometry, width: width, height: height, sliceWidth: self.width, sliceHeight: self.height,
        using: &generator),
      intensity: .draw(recipe, width: width, height: height, using: &generator))
  }

  private func pixels(_ view: CropView, _ level: InstructionLevel) -> [Float] {
    stored.withUnsafeBufferPointer {
      view.applied(
        to: SlicePixels($0, channels: 2, height: height, width: width, scale: 0.5, offset: 30),
        level: level)
    }
  }

  @Test(arguments: changes.keys.sorted(), InstructionLevel.available)
  func everyPixelIsThatOfThePlainDefinition(name: String, level: InstructionLevel) {
    for (seed, size) in [(1, (40, 33)), (2, (48, 20)), (3, (7, 9))] as [(UInt64, (Int, Int))] {
      let view = view(name, seed: seed, width: size.0, height: size.1)
      let slow = SlowView(
        view: view, stored: stored, channels: 2, sliceWidth: width, sliceHeight: height,
        scale: 0.5, offset: 30
      ).pixels()
      let fast = pixels(view, level)
      let spread = moments(slow.map(Float.init)).deviation
      let worst = zip(fast, slow).map { abs(Double($0) - $1) }.max() ?? .infinity
      #expect(worst < 1e-4 * max(spread, 1), "\(name), seed \(seed): \(worst) of \(spread)")
    }
  }

  @Test(arguments: changes.keys.sorted())
  func theLevelsAgreeWithinRounding(name: String) {
    let view = view(name, seed: 9, width: 50, height: 50)
    let images = InstructionLevel.available.map { pixels(view, $0) }
    let spread = Float(moments(images[0]).deviation)
    for image in images {
      #expect(zip(image, images[0]).allSatisfy { abs($0 - $1) < 1e-4 * spread })
    }
  }

  @Test(arguments: InstructionLevel.available)
  func nothingIsWrittenBeyondTheView(level: InstructionLevel) {
    let view = view("all", seed: 4, width: 19, height: 11)
    let count = 2 * 19 * 11
    let room = UnsafeMutableBufferPointer<Float>.allocate(capacity: count + 64)
    defer { room.deallocate() }
    room.initialize(repeating: -12345)
    stored.withUnsafeBufferPointer {
      view.apply(
        to: SlicePixels($0, channels: 2, height: height, width: width, scale: 0.5, offset: 30),
        into: UnsafeMutableBufferPointer(rebasing: room[32..<32 + count]), level: level)
    }
    #expect(room[..<32].allSatisfy { $0 == -12345 })
    #expect(room[(32 + count)...].allSatisfy { $0 == -12345 })
    #expect(room[32..<32 + count].allSatisfy { $0 != -12345 })
  }

  /// Shared code built for a newer processor may be kept by the linker for all callers; a kernel's
  /// objects therefore define nothing that another module could also define.
  @Test func theKernelsObjectsShareNoCode() throws {
    let products = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    for name in ["CropKernelBaseline", "CropKernelV3"] {
      let folder = products.appendingPathComponent("\(name).build").path
      let objects = try FileManager.default.contentsOfDirectory(atPath: folder)
        .filter { $0.hasSuffix(".o") }.map { "\(folder)/\($0)" }
      try #require(!objects.isEmpty)
      let symbols = try lines(of: "/usr/bin/nm", ["--defined-only", "--format=posix"] + objects)
        .map { $0.split(separator: " ") }.filter { $0.count >= 2 }
      #expect(symbols.contains { $0[0].contains("makeView") && $0[1] == "T" })
      let shared = symbols.filter { ["W", "u", "V"].contains($0[1]) }.map { String($0[0]) }
      #expect(shared.filter { !$0.contains(name) && $0 != "__swift_reflection_version" } == [])
    }
  }

  private func lines(of program: String, _ arguments: [String]) throws -> [String] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
  }
}
