import Foundation
import Torch

/// Adam with decoupled weight decay (Loshchilov and Hutter, 2019, algorithm 2), in PyTorch's form:
///
///     x ← (1 − learningRate · weightDecay) · x
///     m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²
///     x ← x − learningRate / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
public final class AdamW: Optimizer {
  /// What is moved.
  public let parameters: [Parameter]
  /// Length of a step.
  public var learningRate: Double
  /// How much of the last first and second moment stays.
  public let betas: (first: Double, second: Double)
  /// Added to the root of the second moment.
  public let epsilon: Double
  /// Pull towards 0, a share of the step.
  public let weightDecay: Double
  private let first: Companions
  private let second: Companions
  private var steps = 0

  /// Starts with moments 0.
  public init(
    _ parameters: [Parameter], learningRate: Double, betas: (Double, Double) = (0.9, 0.999),
    epsilon: Double = 1e-8, weightDecay: Double = 0.01
  ) {
    self.parameters = parameters
    self.learningRate = learningRate
    self.betas = betas
    (self.epsilon, self.weightDecay) = (epsilon, weightDecay)
    first = Companions("first", of: parameters)
    second = Companions("second", of: parameters)
  }

  /// Moves every parameter that has a gradient. A parameter without one still counts the step.
  public func step() {
    steps += 1
    withoutGradients { parameters.inStepGroups { move($0) } }
  }

  private func move(_ group: [Int]) {
    let rate = learningRate / (1 - pow(betas.first, Double(steps)))
    let correction = (1 - pow(betas.second, Double(steps))).squareRoot()
    let x = group.map { parameters[$0].tensor }
    let gradients = x.compactMap(\.gradient)
    let (m, v) = (group.map { first.tensors[$0] }, group.map { second.tensors[$0] })
    x.multiply(by: 1 - learningRate * weightDecay)
    m.multiply(by: betas.first)
    m.add(gradients, scale: 1 - betas.first)
    v.multiply(by: betas.second)
    v.addProduct(gradients, gradients, scale: 1 - betas.second)
    let roots = v.squareRoots()
    roots.multiply(by: 1 / correction)
    roots.add(epsilon)
    x.addQuotient(m, roots, scale: -rate)
  }

  /// The moments as `first.<parameter>` and `second.<parameter>`, and `step`.
  public var state: [String: Tensor] {
    var state = first.state.merging(second.state) { a, _ in a }
    state["step"] = .full([], Double(steps), .int64)
    return state
  }

  /// Puts kept moments and the number of steps back.
  public func load(_ state: [String: Tensor]) throws(NNError) {
    try NN.load(state, into: [first, second], besides: ["step"])
    steps =
      state["step"].flatMap { try? $0.array(of: Int64.self).first }.map { max(0, Int($0)) } ?? 0
  }
}
