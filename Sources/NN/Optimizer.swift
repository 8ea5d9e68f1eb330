import Torch

/// What moves parameters along their gradients.
public protocol Optimizer: AnyObject {
  /// Length of a step; set before each by the schedule.
  var learningRate: Double { get set }
  /// What is moved.
  var parameters: [Parameter] { get }
  /// Moves every parameter that has a gradient.
  func step()
  /// What must be kept to go on later: tensors by kind and parameter name, like `momentum.conv1.weight`.
  var state: [String: Tensor] { get }
  /// Puts a kept state back, in the memory format of the parameters. Throws, and changes nothing, when it is not that of
  /// these parameters.
  func load(_ state: [String: Tensor]) throws(NNError)
}

extension Optimizer {
  /// Forgets all gradients.
  public func clearGradients() {
    for parameter in parameters { parameter.tensor.clearGradient() }
  }

  /// One step down a loss: gradients anew, then moved.
  public func minimize(_ loss: Tensor) {
    clearGradients()
    loss.backward()
    step()
  }
}

/// Scales the gradients of some parameters together so that their norm is at most `norm`; gives the norm they had, a
/// scalar on their device that nobody has read: the factor min(1, norm / (length + 10⁻⁶)) is made there.
@discardableResult
public func clipGradients(of parameters: [Parameter], to norm: Double) -> Tensor {
  let gradients = parameters.compactMap(\.tensor.gradient)
  guard !gradients.isEmpty else { return .zeros([]) }
  return withoutGradients {
    let length = Tensor.stacked(gradients.norms()).norm()
    guard norm.isFinite else { return length }
    let above = length.to(.float64) + 1e-6
    let factor = (Tensor.full(like: above, norm) / above).clamped(max: 1)
    gradients.multiply(by: factor.to(gradients[0].dtype))
    return length
  }
}

extension [Parameter] {
  /// Calls `move` with the places of parameters that have a gradient, all of them at once on a GPU, where a step of
  /// many small tensors is as long as its launches, one at a time on a CPU, whose cache holds it from one operation
  /// to the next.
  func inStepGroups(_ move: ([Int]) -> Void) {
    let moved = indices.filter { self[$0].tensor.gradient != nil }
    guard let first = moved.first else { return }
    if self[first].tensor.device == .cpu { return moved.forEach { move([$0]) } }
    move(moved)
  }
}

/// One tensor beside each parameter: its shape, type, device and memory format, zeros at first.
struct Companions {
  let kind: String
  let tensors: [Tensor]
  private let names: [String]

  init(_ kind: String, of parameters: [Parameter]) {
    self.kind = kind
    names = parameters.map(\.name)
    tensors = parameters.map { .full(like: $0.tensor, 0) }
  }

  /// Tensors by `kind.name`.
  var state: [String: Tensor] {
    Dictionary(uniqueKeysWithValues: zip(names, tensors).map { ("\(kind).\($0)", $1) })
  }

  /// Compares kept tensors with these, adding to the report.
  func compare(_ state: [String: Tensor], _ report: inout LoadReport) {
    for (name, tensor) in zip(names, tensors) {
      let key = "\(kind).\(name)"
      guard let kept = state[key] else {
        report.missing.append(key)
        continue
      }
      if kept.shape == tensor.shape {
        report.matched.append(key)
      } else {
        report.mismatched.append(.init(name: key, expected: tensor.shape, found: kept.shape))
      }
    }
  }

  /// Takes kept tensors over, in place: the memory format stays.
  func copy(from state: [String: Tensor]) {
    for (name, tensor) in zip(names, tensors) {
      if let kept = state["\(kind).\(name)"] { tensor.copy(from: kept) }
    }
  }
}

/// Checks a kept state against all companions and takes it over, or throws and changes nothing.
func load(
  _ state: [String: Tensor], into companions: [Companions], besides scalars: [String] = []
) throws(NNError) {
  var report = LoadReport()
  for companion in companions { companion.compare(state, &report) }
  for name in scalars {
    switch state[name]?.shape {
    case nil: report.missing.append(name)
    case []?: report.matched.append(name)
    case let found?: report.mismatched.append(.init(name: name, expected: [], found: found))
    }
  }
  report.unexpected = Set(state.keys).subtracting(report.matched)
    .subtracting(report.mismatched.map(\.name)).sorted()
  guard report.isComplete else { throw .doesNotFit(report) }
  withoutGradients { for companion in companions { companion.copy(from: state) } }
}
