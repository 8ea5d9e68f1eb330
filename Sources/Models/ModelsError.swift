/// What can be wrong with a recipe or metadata that is to become a model.
public enum ModelsError: Error, Sendable, Equatable {
  /// A setting that no network can have: its name, and what it must be.
  case impossible(setting: String, rule: String)
}

extension ModelsError: CustomStringConvertible {
  /// One sentence: which setting, and what it must be.
  public var description: String {
    switch self {
    case .impossible(let setting, let rule): "the encoder's `\(setting)` must be \(rule)"
    }
  }
}

private func demand(
  _ holds: Bool, _ setting: String, _ rule: String
) throws(ModelsError) {
  if !holds { throw .impossible(setting: setting, rule: rule) }
}

extension EncoderArchitecture {
  /// Throws unless the network can be built. A recipe or a checkpoint's metadata is checked so before `build`, which
  /// traps on what this refuses.
  public func check() throws(ModelsError) {
    let sane = 1...1 << 16
    try demand(sane ~= inputChannels, "inputChannels", "1 or more")
    try demand(
      !features.isEmpty && features.allSatisfy { sane ~= $0 }, "features", "a list of channels")
    try demand(
      strides.count == features.count && strides.allSatisfy { 1...16 ~= $0 }, "strides",
      "one number from 1 to 16 for each of the \(features.count) features")
    try demand(1...16 ~= convolutions, "convolutions", "1 to 16")
    try demand(1...4096 ~= width, "width", "1 to 4096")
    try demand(sane ~= batchNormGroups, "batchNormGroups", "1 or more")
    try lastNorm?.check("lastNorm.")
  }
}

extension WhiteningRecipe {
  /// Throws unless features can be whitened so; `prefix` goes before the name of the setting.
  public func check(_ prefix: String = "") throws(ModelsError) {
    try demand(1...4096 ~= width, prefix + "width", "1 to 4096")
    try demand(1...7 ~= iterations, prefix + "iterations", "1 to 7: more diverge")
    try demand(epsilon > 0 && epsilon <= 1, prefix + "epsilon", "above 0 and at most 1")
    try demand(0...1 ~= shrinkage, prefix + "shrinkage", "0 to 1")
    try demand(0...1 ~= momentum, prefix + "momentum", "0 to 1")
  }
}
