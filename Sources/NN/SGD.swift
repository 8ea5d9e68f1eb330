import Torch

/// Stochastic gradient descent with momentum and weight decay, in PyTorch's form:
///
///     d = gradient + weightDecay · x
///     v ← momentum · v + d
///     x ← x − learningRate · v         (Nesterov: learningRate · (d + momentum · v))
public final class SGD: Optimizer {
  /// What is moved.
  public let parameters: [Parameter]
  /// Length of a step.
  public var learningRate: Double
  /// How much of the last velocity stays.
  public let momentum: Double
  /// Pull towards 0, added to the gradient.
  public let weightDecay: Double
  /// Whether the gradient counts once more on top of the velocity.
  public let nesterov: Bool
  private let velocity: Companions

  /// Starts with velocity 0.
  public init(
    _ parameters: [Parameter], learningRate: Double, momentum: Double = 0.9,
    weightDecay: Double = 0, nesterov: Bool = false
  ) {
    self.parameters = parameters
    self.learningRate = learningRate
    (self.momentum, self.weightDecay, self.nesterov) = (momentum, weightDecay, nesterov)
    velocity = Companions("momentum", of: parameters)
  }

  /// Moves every parameter that has a gradient.
  public func step() {
    withoutGradients { parameters.inStepGroups { move($0) } }
  }

  /// v takes gradient and decay one by one, so that neither needs a sum d of its own; the gradients stay as they are.
  private func move(_ group: [Int]) {
    let x = group.map { parameters[$0].tensor }
    let gradients = x.compactMap(\.gradient)
    let v = group.map { velocity.tensors[$0] }
    v.multiply(by: momentum)
    v.add(gradients)
    if weightDecay != 0 { v.add(x, scale: weightDecay) }
    guard nesterov else { return x.add(v, scale: -learningRate) }
    // d before x changes: learningRate · (d + momentum · v) with d = gradient + weightDecay · x.
    x.multiply(by: 1 - learningRate * weightDecay)
    x.add(gradients, scale: -learningRate)
    x.add(v, scale: -learningRate * momentum)
  }

  /// The velocities, as `momentum.<parameter>`.
  public var state: [String: Tensor] { velocity.state }

  /// Puts kept velocities back.
  public func load(_ state: [String: Tensor]) throws(NNError) {
    try NN.load(state, into: [velocity])
  }
}
