import DICOM
import NIfTI

/// Why something was not taken: words that stay the same from version to version.
public enum RefusalCode: String, Sendable, Codable, CaseIterable {
  case unreadable
  case notDICOM = "not-dicom"
  case notNIfTI = "not-nifti"
  case malformed, limit
  case transferSyntax = "transfer-syntax"
  case unsupported, pixels, decoding, geometry, slices, changed, failure, truncated, damaged
  case missingPartner = "missing-partner"
  case workerCrashed = "worker-crashed"
  case workerHung = "worker-hung"
  case workerLimit = "worker-limit"
  case workerNonsense = "worker-nonsense"
  case symlinkLoop = "symlink-loop"
  case specialFile = "special-file"
  case burnedIn = "burned-in"
  case archiveEntry = "archive-entry"
  case archiveNested = "archive-nested"
  case dataset
  case channels
  case labelUnmatched = "label-unmatched"
  case labelAmbiguous = "label-ambiguous"
  case labelGrid = "label-grid"
  case labelValues = "label-values"
  case labelDuplicate = "label-duplicate"
  case labelUnknown = "label-unknown"
  case labelStructure = "label-structure"
  case sourceGone = "source-gone"

  /// What the code means, in a sentence that names nobody and nothing: fit to be shared.
  public var explanation: String {
    switch self {
    case .unreadable: "It could not be opened or read."
    case .notDICOM: "It has the name of a DICOM file and is none."
    case .notNIfTI: "It has the name of a NIfTI file and is none."
    case .malformed: "Its header contradicts itself."
    case .limit: "It is larger, deeper or longer than the limits allow."
    case .transferSyntax: "Its pixels are encoded in a way that nothing here decodes."
    case .unsupported: "It is a kind of image that is not taken."
    case .pixels: "Its pixel data contradict its header."
    case .decoding: "Its pixels could not be decoded."
    case .geometry: "It does not say where its voxels lie, or says what makes no sense."
    case .slices: "Its slices do not form a volume."
    case .changed: "It changed while it was being read."
    case .failure: "A library failed on it."
    case .truncated: "It ends before its voxels do."
    case .damaged: "Its compressed data fail their checksum."
    case .missingPartner: "It is half of a pair of header and image."
    case .workerCrashed: "The process that read it crashed."
    case .workerHung: "The process that read it gave no answer in time and was stopped."
    case .workerLimit: "Reading it took more processor time or space than the limits allow."
    case .workerNonsense: "The process that read it gave an answer that cannot be right."
    case .symlinkLoop: "It is a link to a folder that is already being read."
    case .specialFile: "It is a pipe, a socket or a device."
    case .archiveEntry: "It is a link, or has a name that leads out of its archive."
    case .archiveNested: "It is an archive inside an archive."
    case .burnedIn: "Its picture may show names, and nobody has said that it is clean."
    case .dataset: "The data set's description names what is not there, or cannot be read."
    case .channels: "Its channels differ in grid or voxel type."
    case .labelUnmatched: "No volume goes with this mask."
    case .labelAmbiguous: "Several volumes could go with this mask."
    case .labelGrid: "The mask lies on another grid than its volume."
    case .labelValues: "The mask holds values that are no whole numbers from 0 to 65535."
    case .labelDuplicate: "The volume has a mask of this name already."
    case .labelUnknown: "The mask holds a class that its data set's description does not name."
    case .labelStructure: "A structure of the segmentation or structure set has no voxels."
    case .sourceGone:
      "Files of the stored volume are gone or were not given, and these are not among them."
    }
  }
}

/// Something that was not taken, and why.
public struct Refusal: Error, Sendable, Codable, Equatable, CustomStringConvertible {
  /// What kind of thing was refused.
  public enum Subject: String, Sendable, Codable { case file, series, label, folder }

  /// The reason as a stable word.
  public var code: RefusalCode
  /// What was refused.
  public var subject: Subject
  /// Its path or series UID: for the terminal and the ledger only.
  public var name: String
  /// The reason in a sentence that may hold paths: for the terminal and the ledger only.
  public var sentence: String
  /// How many files were lost with it.
  public var files: Int

  /// Makes a refusal; without a sentence it gets the code's own.
  public init(
    _ code: RefusalCode, _ subject: Subject, name: String, sentence: String? = nil, files: Int = 1
  ) {
    (self.code, self.subject, self.name, self.files) = (code, subject, name, files)
    self.sentence = sentence ?? code.explanation
  }

  /// The name, the code and the sentence.
  public var description: String { "\(name): \(sentence) [\(code.rawValue)]" }
}

/// What a worker says of a file that it refuses. It comes over a socket, so nothing is taken on
/// trust but the choice of one code.
package struct Fault: Error, Codable, Equatable {
  package var code: RefusalCode
  package var sentence: String

  package init(_ code: RefusalCode, _ sentence: String) {
    (self.code, self.sentence) = (code, String(sentence.prefix(1000)))
  }

  /// Says of it what its code means.
  init(_ code: RefusalCode) { self.init(code, code.explanation) }

  init(_ error: DICOMError) {
    self.init(RefusalCode(rawValue: error.code) ?? .failure, error.reason)
  }

  init(_ error: NIfTIError) {
    let code: RefusalCode =
      switch error {
      case .unreadable, .unwritable: .unreadable
      case .notNIfTI: .notNIfTI
      case .badHeader: .malformed
      case .unsupported: .unsupported
      case .truncated: .truncated
      case .damaged: .damaged
      case .tooLarge: .limit
      case .missingPartner: .missingPartner
      case .unplaceable: .geometry
      }
    self.init(code, error.description)
  }

  init(_ failure: WorkerFailure) {
    switch failure {
    case .crashed(let signal):
      self.init(.workerCrashed, "the process that read it was ended by signal \(signal)")
    case .hung(let seconds):
      self.init(.workerHung, "no answer within \(seconds) seconds")
    case .outOfTime: self.init(.workerLimit, "it used up the processor time of one request")
    case .outOfSpace: self.init(.workerLimit, "it decodes to more bytes than a volume may have")
    case .exited(let code):
      self.init(.workerCrashed, "the process that read it ended with status \(code)")
    case .nonsense(let what): self.init(.workerNonsense, "the process that read it gave \(what)")
    case .notStarted(let code):
      self.init(.workerCrashed, "the process to read it could not be started (error \(code))")
    }
  }

  /// Whether another run might fare better although the file is the same.
  var isWorkers: Bool {
    [.workerCrashed, .workerHung, .workerLimit, .workerNonsense].contains(code)
  }
}
