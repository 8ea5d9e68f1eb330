import Augment
import Foundation
import Testing

@Suite struct ViewIntensityTests {
  let stored = speckle(count: 64 * 64)

  private func intensity(_ change: (inout ViewIntensity) -> Void) -> ViewIntensity {
    var result = ViewIntensity()
    change(&result)
    return result
  }

  @Test(arguments: [0.3, 0.7, 1.5, 3])
  func gammaIsThePowerOverTheSlicesRange(gamma: Double) {
    let seen = changed(stored, width: 64, scale: 2, offset: 10, intensity { $0.gamma = gamma })
    let low = Double(stored.min()!) * 2 + 10
    let span = Double(stored.max()!) * 2 + 10 - low
    for (value, result) in zip(stored, seen) {
      let expected = pow((Double(value) * 2 + 10 - low) / span, gamma) * span + low
      #expect(abs(Double(result) - expected) < span * 3e-6)
    }
  }

  @Test func gammaKeepsTheOrderOfIntensities() {
    let ramp = (0..<256).map { Int16($0 * 4) }
    let seen = changed(ramp, width: 16, intensity { $0.gamma = 2.2 })
    #expect(zip(seen, seen.dropFirst()).allSatisfy { $0 < $1 })
    #expect(abs(seen[0]) < 1e-3 && abs(seen[255] - 1020) < 1e-2)
  }

  @Test func gammaLeavesAConstantSliceAlone() {
    let seen = changed([Int16](repeating: 7, count: 16), width: 4, intensity { $0.gamma = 2 })
    #expect(seen.allSatisfy { $0 == 7 })
  }

  @Test func contrastKeepsTheMeanAndBrightnessMovesIt() {
    let before = moments(stored.map { Float($0) })
    let seen = moments(
      changed(
        stored, width: 64,
        intensity {
          $0.contrast = 1.5
          $0.brightness = 0.5
        }))
    #expect(abs(seen.mean - before.mean - 0.5 * before.deviation) < 0.05)
    #expect(abs(seen.deviation / before.deviation - 1.5) < 1e-4)
  }

  @Test func gaussianNoiseHasItsMomentsAndNoPattern() {
    let plain = changed(stored, width: 64, ViewIntensity())
    let noisy = changed(
      stored, width: 64,
      intensity {
        $0.noise = 0.1
        $0.noiseSeed = 5
      })
    let sigma = 0.1 * moments(plain).deviation
    let noise = zip(noisy, plain).map { ($0 - $1) / Float(sigma) }
    let (mean, deviation) = moments(noise)
    #expect(abs(mean) < 0.06)
    #expect(abs(deviation - 1) < 0.04)
    let fourth = noise.reduce(0.0) { $0 + pow(Double($1), 4) } / Double(noise.count)
    #expect(abs(fourth - 3) < 0.5)
    for lag in [1, 2, 16, 64] {
      let products = zip(noise, noise.dropFirst(lag)).map { $0 * $1 }
      #expect(abs(moments(products).mean) < 0.06, "lag \(lag)")
    }
  }

  @Test func noiseFollowsItsSeedAndDiffersBetweenChannels() {
    func noisy(_ seed: UInt32) -> [Float] {
      let view = CropView(
        geometry: .identity(width: 16, height: 16),
        intensity: intensity {
          $0.noise = 0.2
          $0.noiseSeed = seed
        })
      let twice = speckle(count: 256) + speckle(count: 256)
      return twice.withUnsafeBufferPointer {
        view.applied(
          to: SlicePixels($0, channels: 2, height: 16, width: 16, scale: 1, offset: 0))
      }
    }
    #expect(noisy(1) == noisy(1))
    #expect(noisy(1) != noisy(2))
    #expect(noisy(1)[..<256] != noisy(1)[256...])
  }

  /// Where there is no signal, a Rician magnitude is Rayleigh's: mean σ√(π/2).
  @Test func ricianNoiseOfASilentBackgroundIsRayleighs() {
    var silent = [Int16](repeating: -500, count: 64 * 64)
    for i in 0..<64 { silent[i] = 500 }
    let sigma = 0.1 * moments(silent.map { Float($0) }).deviation
    let seen = changed(
      silent, width: 64,
      intensity {
        $0.noise = 0.1
        $0.noiseKind = .rician
        $0.noiseSeed = 3
      })
    let background = moments(seen[64...].map { $0 + 500 })
    #expect(seen.allSatisfy { $0 >= -500 })
    #expect(abs(background.mean / sigma - (Double.pi / 2).squareRoot()) < 0.05)
    #expect(abs(background.deviation / sigma - (2 - Double.pi / 2).squareRoot()) < 0.05)
  }

  @Test(arguments: [0.8, 1.0, 2.5])
  func blurSpreadsAPointByItsSigma(sigma: Double) {
    var point = [Int16](repeating: 0, count: 41 * 41)
    point[20 * 41 + 20] = 10_000
    let seen = changed(point, width: 41, intensity { $0.blur = sigma })
    let mass = seen.reduce(0, +)
    let spread = seen.enumerated().reduce(0.0) {
      let x = Double($1.offset % 41 - 20)
      return $0 + Double($1.element) * x * x
    }
    #expect(abs(mass - 10_000) < 1)
    #expect(abs((spread / Double(mass)).squareRoot() / sigma - 1) < 0.05)
  }

  @Test func smoothingLeavesAConstantImageAlone() {
    let seen = changed(
      [Int16](repeating: 321, count: 30 * 20), width: 30,
      intensity {
        $0.blur = 1.3
        $0.lowResolution = 2.5
      })
    #expect(seen.allSatisfy { abs($0 - 321) < 1e-3 })
  }

  @Test func lowResolutionTakesDetailAndLeavesSlopes() {
    let fine = changed(stored, width: 64, intensity { $0.lowResolution = 2 })
    #expect(moments(fine).deviation < 0.6 * moments(stored.map { Float($0) }).deviation)
    let ramp = (0..<32 * 32).map { Int16($0 % 32 * 10) }
    let seen = changed(ramp, width: 32, intensity { $0.lowResolution = 2 })
    for x in 1..<31 { #expect(abs(seen[5 * 32 + x] - Float(x * 10)) < 0.01) }
  }

  @Test func aCutoutIsTheMeanAndNothingElseChanges() {
    let box = ViewIntensity.Cutout(x: 3, y: 5, width: 7, height: 9)
    let plain = changed(stored, width: 64, ViewIntensity())
    let seen = changed(stored, width: 64, intensity { $0.cutout = box })
    let mean = Float(moments(plain).mean)
    for i in 0..<64 * 64 {
      let inside = (3..<10).contains(i % 64) && (5..<14).contains(i / 64)
      #expect(inside ? abs(seen[i] - mean) < 0.01 : seen[i] == plain[i])
    }
  }
}
