import NN

/// What can go wrong with pretraining that its inputs are to blame for.
public enum PretrainError: Error, Sendable, Equatable {
  /// The training split has fewer slices than a batch.
  case tooFewSlices(slices: Int, batch: Int)
  /// The queue is no multiple of the batch, or longer than the slices allow.
  case queueDoesNotFit(queue: Int, batch: Int, slices: Int)
  /// A setting of the recipe that no run can have; the key's path and what is wrong.
  case recipe(key: String, problem: String)
  /// The folder holds a run already.
  case exists(path: String)
  /// The folder holds no checkpoint.
  case notARun(path: String)
  /// A checkpoint lacks something, or holds it in another shape.
  case checkpoint(path: String, problem: String)
  /// The run in the folder was made from something else; what differs.
  case differs(path: String, what: String)
  /// The weights to start from are of another network than the recipe's; what differs, and what to change.
  case startDoesNotFit(path: String, report: LoadReport, advice: String)
  /// Features, loss or derivatives are no numbers any more.
  case diverged
}

extension PretrainError: CustomStringConvertible {
  /// One sentence: what is wrong, and what to do.
  public var description: String {
    switch self {
    case .tooFewSlices(let slices, let batch):
      "The training split has \(slices) slices and a batch \(batch); set pretrain.batch lower."
    case .queueDoesNotFit(let queue, let batch, let slices):
      "A queue of \(queue) keys does not fit \(slices) slices in batches of \(batch): it must be a "
        + "multiple of the batch and at most \(slices - batch); 0 chooses one."
    case .recipe(let key, let problem):
      "The recipe's pretrain.\(key) cannot be: \(problem)."
    case .exists(let path):
      "\(path) holds a run already; resume it with --resume, or name another folder."
    case .notARun(let path):
      "\(path) holds no checkpoint of a pretraining run."
    case .checkpoint(let path, let problem):
      "\(path) is not a usable checkpoint: \(problem)."
    case .differs(let path, let what):
      "The run in \(path) cannot be continued: \(what) is not what it was begun with."
    case .startDoesNotFit(let path, let report, let advice):
      "\(path) cannot be started from: \(NNError.doesNotFit(report)); \(advice)."
    case .diverged:
      "The network has diverged (its features are no numbers any more): set pretrain.lr lower."
    }
  }
}
