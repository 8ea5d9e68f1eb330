import Testing
import Torch

@Suite struct LinearAlgebraTests {
  /// A rotation of 5 dimensions.
  private func rotation() -> Tensor {
    let x = Tensor.randomNormal([5, 5], seed: 3).to(.float64)
    return (x + x.transposed).symmetricEigen().vectors
  }

  private func matrix(_ eigenvalues: [Double]) throws -> Tensor {
    let u = rotation()
    return (u * (try double(eigenvalues))).matmul(u.transposed)
  }

  @Test func theInverseSquareRootTwiceUndoesTheMatrix() throws {
    let s = Tensor.stacked([try matrix([1, 2, 3, 4, 5]), try matrix([1, 1, 1, 0.01, 7])])
    let w = s.inverseSquareRoot()
    let identity = w.matmul(s).matmul(w) - .identity(5, .float64)
    #expect(try identity.absolute().largest().item() < 1e-12)
  }

  @Test(arguments: [0, 1e-7, 1e-3, 1])
  func itsDerivativeIsThatOfFiniteDifferencesAtAnyGap(gap: Double) throws {
    let s = try matrix([1, 1 + gap, 2, 2 + gap, 3])
    let weights = Tensor.randomNormal([5, 5], seed: 4).to(.float64)
    let error = try gradientError(of: [s], step: 1e-5) { inputs in
      let symmetric = (inputs[0] + inputs[0].transposed) * 0.5
      return (symmetric.inverseSquareRoot() * weights).sum()
    }
    #expect(error < 1e-8)
  }

  @Test func whiteningRankTwoOfFiveWithAnEpsilonHasTheDerivativeOfFiniteDifferences() throws {
    let x = Tensor.randomNormal([2, 5], seed: 5).to(.float64)
    let mixing = Tensor.randomNormal([8, 2], seed: 6).to(.float64)
    let weights = Tensor.randomNormal([8, 5], seed: 7).to(.float64)
    let error = try gradientError(of: [mixing.matmul(x)]) { inputs in
      let centred = inputs[0] - inputs[0].mean(axis: 0, keep: true)
      let s = centred.transposed.matmul(centred) / 8 + .identity(5, .float64) * 1e-3
      return (centred.matmul(s.inverseSquareRoot()) * weights).sum()
    }
    #expect(error < 1e-6)
  }

  @Test func amongMatricesThoseThatAreNotPositiveOrNotFiniteGiveNoNumbersAndNothingIsRead() throws {
    let fine = Tensor.identity(3, .float64) * 4
    let stack = Tensor.stacked([.zeros([3, 3], .float64), fine, fine * .nan, fine * -1])
    let reads = HostReads()
    let roots = reads.counting { stack.inverseSquareRoot() }
    #expect(reads.count == 0)
    for place in [0, 2, 3] { #expect(try roots[place].isFinite().any().item() == 0, "\(place)") }
    #expect(try (roots[1] - .identity(3, .float64) * 0.5).absolute().largest().item() < 1e-15)
  }

  @Test func singularValuesAreTheRootsOfTheEigenvaluesOfTheSquare() throws {
    let x = Tensor.randomNormal([6, 4], seed: 1).to(.float64)
    let eigenvalues = try x.transposed.matmul(x).symmetricEigen().values.array(of: Double.self)
    let singular = try x.singularValues().array(of: Double.self)
    #expect(close(singular, eigenvalues.reversed().map { $0.squareRoot() }))
  }
}
