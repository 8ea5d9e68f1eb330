import Foundation
import Spectra

/// Watches the pooled features of a run from spectrum to spectrum and says once when they are getting
/// worse: what has happened, and what to change.
package struct CollapseWatch {
  /// How the features stand.
  package enum State: Equatable {
    /// Neither of the others.
    case sound
    /// Under a third of the ceiling, and at least a tenth lower than at the spectrum before.
    case sinking
    /// Under a tenth of the ceiling: what a verdict calls collapsed.
    case collapsed
  }

  package private(set) var state = State.sound
  private var last: RankRecord?

  /// Nothing has been looked at yet.
  package init() {}

  /// Takes the next spectrum; a sentence when the state has become worse.
  package mutating func look(at rank: RankRecord, _ recipe: PretrainRecipe) -> String? {
    let before = (state: state, rank: last)
    let falls = before.rank.map { rank.scores.effectiveRank < 0.9 * $0.scores.effectiveRank }
    switch rank.share {
    case ..<Spectrum.collapsedShare: state = .collapsed
    case ..<Spectrum.partlyCollapsedShare: state = falls ?? false ? .sinking : .sound
    default: state = .sound
    }
    last = rank
    guard state != before.state, state != .sound else { return nil }
    let found =
      state == .collapsed
      ? "have collapsed to \(rank.figures)"
      : "are losing dimensions, now \(rank.figures)"
    let earlier =
      before.rank.map { " (\(Spectrum.rounded($0.scores.effectiveRank)) at the spectrum before)" }
    return "the pooled features \(found)\(earlier ?? ""); \(recipe.remedy)"
  }
}

extension RankRecord {
  /// The share of the ceiling that the effective rank reaches.
  var share: Double { scores.effectiveRank / max(ceiling.effectiveRank, 1) }

  fileprivate var figures: String {
    "\(Spectrum.rounded(scores.effectiveRank)) of \(dimensions) dimensions, ceiling "
      + Spectrum.rounded(ceiling.effectiveRank)
  }
}

extension PretrainRecipe {
  /// What to change so that features keep more dimensions.
  package var remedy: String {
    let decorrelate =
      switch (decorrelation.place, decorrelation.kind) {
      case (.none, _):
        "turn decorrelation on (pretrain.decorrelation.place=pooled, kind=covariance)"
      case (_, .covariance):
        "raise the covariance penalty (pretrain.decorrelation.weight, now \(decorrelation.weight))"
      default:
        "whiten elsewhere or more (pretrain.decorrelation, now \(decorrelation.place.rawValue) with "
          + "shrinkage \(decorrelation.shrinkage))"
      }
    let area = crops.geometry.area
    let contrast = [decorrelate, "widen pretrain.window (now \(window) mm)"]
    return
      (["lower pretrain.lr (now \(lr))"] + (hasQueue ? contrast : []) + [
        "or draw stronger crops (pretrain.crops.geometry.area, now "
          + "\(area.lowerBound) to \(area.upperBound), and crops.intensity)"
      ]).joined(separator: ", ")
  }
}
