import Augment
import Foundation
import Testing

@Suite struct PortableMathTests {
  @Test func exponentialsAndLogarithmsAreThoseOfTheCLibrary() {
    for i in -700...700 {
      let x = Double(i) + 0.37
      #expect(abs(exponential(x) / exp(x) - 1) < 1e-14)
    }
    for i in -300...300 {
      let x = pow(10, Double(i)) * 1.7
      #expect(abs(logarithm(x) - log(x)) < 1e-14 * max(abs(log(x)), 1))
    }
    #expect(exponential(0) == 1 && logarithm(1) == 0)
  }

  @Test func anglesAreThoseOfTheCLibrary() {
    for i in -1000...1000 {
      let degrees = Double(i) * 0.73
      let (sine, cosine) = sineAndCosine(degrees: degrees)
      #expect(abs(sine - sin(degrees * .pi / 180)) < 1e-14)
      #expect(abs(cosine - cos(degrees * .pi / 180)) < 1e-14)
    }
    for quarter in -5...5 {
      let (sine, cosine) = sineAndCosine(degrees: Double(quarter) * 90)
      #expect(abs(sine) + abs(cosine) == 1)
    }
  }
}
