import Foundation
import Testing
import Torch

/// A float64 tensor.
func double(_ values: [Double], _ shape: [Int]? = nil) throws -> Tensor {
  try Tensor(values, shape ?? [values.count])
}

func close(_ a: [Double], _ b: [Double], _ tolerance: Double = 1e-12) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
}

@Suite struct TensorOperationTests {
  @Test func viewsShareMemoryAndPicksDoNot() throws {
    let x = try double([0, 1, 2, 3, 4, 5], [2, 3])
    x.transposed.selected(axis: 0, 1).fill(9)
    #expect(try x.array(of: Double.self) == [0, 9, 2, 3, 9, 5])
    x.selecting(axis: 0, .range(0..<1)).fill(7)
    #expect(try x.array(of: Double.self) == [0, 9, 2, 3, 9, 5])
  }

  @Test func shapesJoinsAndPicksDoWhatTheirNamesSay() throws {
    let x = try double([0, 1, 2, 3, 4, 5], [2, 3])
    func values(_ t: Tensor) throws -> [Double] { try t.array(of: Double.self) }
    #expect(x.reshaped([3, -1]).shape == [3, 2])
    #expect(x.unsqueezed(1).shape == [2, 1, 3] && x.unsqueezed(1).squeezed(1).shape == [2, 3])
    #expect(
      x.permuted([1, 0]).shape == [3, 2] && x.unsqueezed(0).expanded([4, 2, 3]).count == 24)
    #expect(try values(x[1]) == [3, 4, 5])
    #expect(try values(x.narrowed(axis: 1, 0..<3, step: 2)) == [0, 2, 3, 5])
    #expect(try values(x.flipped([1])) == [2, 1, 0, 5, 4, 3])
    #expect(try values(x[0..<1].padded([1, 0], with: -1)) == [-1, 0, 1, 2])
    #expect(try values(x.gathered(axis: 1, Tensor([2, 0] as [Int64], [2, 1]))) == [2, 3])
    #expect(try values(.concatenated([x, x], axis: 1)).count == 12)
    #expect(Tensor.stacked([x, x], axis: 2).shape == [2, 3, 2])
    #expect(try values(x.filled(-1, where: x .> 3)) == [0, 1, 2, 3, -1, -1])
    #expect(try values(.choosing(x, where: x .< 2, else: -x)) == [0, 1, -2, -3, -4, -5])
    #expect(try Tensor([1, 0] as [Int64], [2]).oneHot(3).floats() == [0, 1, 0, 1, 0, 0])
    #expect(try values(Tensor.identity(2, .float64)) == [1, 0, 0, 1])
    #expect(try values(x.matmul(x.transposed).diagonal()) == [5, 50])
  }

  @Test func arithmeticAgreesWithSwift() throws {
    let values = [-2.5, -1, 0.25, 1, 3]
    let x = try double(values)
    let positive = try double(values.map(abs))
    func same(_ t: Tensor, _ f: (Double) -> Double) throws -> Bool {
      close(try t.array(of: Double.self), values.map(f))
    }
    #expect(try same(x + x) { $0 + $0 } && same(x - 1) { $0 - 1 } && same(2 - x) { 2 - $0 })
    #expect(try same(x * x) { $0 * $0 } && same(1 / x) { 1 / $0 } && same(x / x) { _ in 1 })
    #expect(try same(-x) { -$0 } && same(x.absolute()) { abs($0) } && same(x.squared()) { $0 * $0 })
    #expect(try same(x.relu()) { max($0, 0) } && same(x.leakyReLU(0.1)) { $0 > 0 ? $0 : 0.1 * $0 })
    #expect(
      try same(x.clamped(-1...1)) { min(max($0, -1), 1) } && same(x.power(3)) { $0 * $0 * $0 })
    #expect(try same(x.maximum(-x)) { abs($0) } && same(x.minimum(-x)) { -abs($0) })
    #expect(try same(x.clamped(min: 0)) { max($0, 0) } && same(x.clamped(max: 0)) { min($0, 0) })
    #expect(
      try same(x.floor()) { $0.rounded(.down) }
        && same(x.rounded()) { $0.rounded(.toNearestOrEven) })
    #expect(try same(positive.squareRoot()) { abs($0).squareRoot() })
    #expect(try same(positive.reciprocalSquareRoot()) { 1 / abs($0).squareRoot() })
    #expect(try same(positive.logarithm().exponential()) { abs($0) })
    #expect(try same(x.sigmoid() + (-x).sigmoid()) { _ in 1 })
    #expect(try same(x.sine()) { sin($0) } && same(x.cosine()) { cos($0) })
    #expect(try same(positive.power(x)) { pow(abs($0), $0) })
    #expect(try (x / 0).isFinite().array(of: Bool.self) == [false, false, false, false, false])
  }

  @Test func bitsOfWholeNumbersAreThoseOfSwift() throws {
    let values: [Int64] = [0, 1, 0x1234_5678, 0xFFFF_FFFF, 0x9E37_79B9]
    let x = try Tensor(values, [5])
    let y = try Tensor(Array(values.reversed()), [5])
    #expect(try (x & 0xFF00).array(of: Int64.self) == values.map { $0 & 0xFF00 })
    #expect(try (x >> 15).array(of: Int64.self) == values.map { $0 >> 15 })
    let differing = zip(values, values.reversed()).map { $0 ^ $1 }
    #expect(try (x ^ y).array(of: Int64.self) == differing)
  }

  @Test func slicesOfAnAxisAreCopiedToTheirPlaces() throws {
    let x = try double([1, 2, 3, 4, 5, 6]).reshaped([3, 2])
    x.copy(
      from: try double([7, 8, 9, 10]).reshaped([2, 2]), axis: 0,
      at: try Tensor([2, 0] as [Int64], [2]))
    #expect(try x.array(of: Double.self) == [9, 10, 3, 4, 7, 8])
  }

  @Test func comparisonsGiveTruthValues() throws {
    let x = try double([1, 2, 3])
    let y = try double([2, 2, 2])
    let table: [(Tensor, [Bool])] = [
      (x .== y, [false, true, false]), (x .!= y, [true, false, true]),
      (x .< y, [true, false, false]), (x .<= 2, [true, true, false]),
      (x .> 2, [false, false, true]), (x .>= y, [false, true, true]),
      ((x .< 3) .& (x .> 1), [false, true, false]), ((x .< 2) .| (x .> 2), [true, false, true]),
      (!(x .== y), [true, false, true]),
    ]
    for (tensor, expected) in table {
      #expect(tensor.dtype == .bool)
      #expect(try tensor.array(of: Bool.self) == expected)
    }
  }

  @Test func integersStayIntegersWithWholeNumbers() throws {
    let x = Tensor.range(1..<4)
    #expect((x * 2 + 1).dtype == .int64 && (x * 0.5).dtype == .float32)
  }

  @Test func reductionsAgreeWithSwiftOverOneAxisAndAll() throws {
    let x = try double([1, 5, 2, -3, 0, 4], [2, 3])
    func values(_ t: Tensor) throws -> [Double] { try t.array(of: Double.self) }
    #expect(try x.sum().item() == 9 && values(x.sum(axis: 1)) == [8, 1])
    #expect(
      x.sum(axis: 1, keep: true).shape == [2, 1]
        && x.any(axes: [0, 1], keep: true).shape == [1, 1])
    #expect(try values(x.mean(axis: 0)) == [-1, 2.5, 3])
    #expect(try values(x.largest(axis: 1)) == [5, 4] && x.smallest().item() == -3)
    #expect(try close(values(x.variance(axis: 0)), [4, 6.25, 1]))
    #expect(try close([x.norm().item()], [Double(55).squareRoot()]))
    #expect(
      try close(values(x.logSumExp(axis: 1)), values(x.exponential().sum(axis: 1).logarithm())))
    #expect(try (x .> 3).any(axis: 1).array(of: Bool.self) == [true, true])
    #expect(try (x .> -1).all(axis: 1).array(of: Bool.self) == [true, false])
    #expect(try x.indexOfLargest(axis: 1).array(of: Int64.self) == [1, 2])
    let top = x.top(2, axis: 1)
    #expect(
      try values(top.values) == [5, 2, 4, 0] && top.indices.array(of: Int64.self) == [1, 2, 2, 1])
    #expect(try close(values(x.softmax(axis: 1).logarithm()), values(x.logSoftmax(axis: 1))))
    #expect(try close(values(x.normalized(axis: 1).squared().sum(axis: 1)), [1, 1]))
    #expect(try values(Tensor.zeros([1, 3], .float64).normalized(axis: 1)) == [0, 0, 0])
  }

  @Test func inPlaceFunctionsChangeEveryCopyOfTheValue() throws {
    let x = try double([1, 2])
    let same = x
    x.add(x.clone(), scale: 0.5)
    x.add(1)
    x.multiply(by: 2)
    x.multiply(by: try double([1, -1]))
    x.divide(by: try double([1, 2]))
    #expect(try same.array(of: Double.self) == [5, -4])
    x.lerp(to: .zeros([2], .float64), weight: 0.5)
    #expect(try same.array(of: Double.self) == [2.5, -2])
    x.copy(from: try Tensor([7, 8] as [Int64], [2]))
    #expect(try same.array(of: Double.self) == [7, 8])
  }

  @Test func aProgramWithWrongShapesTrapsWithLibTorchsSentenceAndTheCallersLine() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let x = Tensor.zeros([2, 3])
      _ = x.matmul(x)
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)"))
    #expect(text.contains("TensorOperationTests.swift:"))
  }

  @Test func anOperatorBetweenWrongShapesTrapsWithLibTorchsSentence() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2]) + Tensor.zeros([3])
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("The size of tensor a (2) must match the size of tensor b (3)"))
  }

  @Test func aRangeOutsideAnAxisTrapsInsteadOfGivingLess() async {
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([2])[0..<3] }
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([2, 3]).squeezed(0) }
    await #expect(processExitsWith: .failure) { _ = try Tensor([1, 2] as [Float], [3]) }
  }
}
