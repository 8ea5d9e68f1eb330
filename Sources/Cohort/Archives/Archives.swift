import Foundation
import SliceStore

/// The archives that an ingest has come upon, each unpacked by a worker into a private folder beside
/// the ledger, which is gone when the ingest ends.
///
/// An archive that has not changed since an earlier run is not unpacked again: the ledger knows its
/// members. Only when a volume of it has to be read after all is that done.
final class Archives: Sendable {
  private let root: String
  private let ledger: Ledger
  private let unpacked = Locked(Set<String>())

  /// Clears away what a run that was killed has left.
  init(beside ledger: Ledger, store: String) throws {
    (root, self.ledger) = (Self.root(of: store), ledger)
    try remove()
  }

  /// Where archives are unpacked for a store.
  static func root(of store: String) -> String {
    Ledger.path(of: store).dropLast(Ledger.suffix.count) + ".unpacked"
  }

  /// Removes everything that was unpacked.
  func remove() throws {
    unpacked.change { $0.removeAll() }
    guard access(root, F_OK) == 0 else { return }
    do {
      try FileManager.default.removeItem(atPath: root)
    } catch {
      throw CohortError.unwritable(path: root, reason: error.localizedDescription)
    }
  }

  /// A text with `archive!member` in place of where the member lies for now.
  func shown(_ text: String) -> String {
    text.contains(root) ? ArchiveNames(ledger).shown(text) : text
  }

  /// The folder of an archive: a name that says nothing of it.
  func folder(of archive: FoundFile) -> String {
    root + "/" + hexadecimal(SHA256.digest(Array(archive.path.utf8)).prefix(8))
  }

  /// Unpacks an archive; returns what of it was left out. Throws why it was refused.
  func unpack(_ archive: FoundFile, _ worker: Worker) throws -> [Refusal] {
    let folder = folder(of: archive)
    try? FileManager.default.removeItem(atPath: folder)
    mkdir(root, 0o700)
    guard mkdir(folder, 0o700) == 0 else {
      throw CohortError.unwritable(path: folder, reason: String(cString: strerror(errno)))
    }
    var left: [Refusal] = []
    do throws(Fault) {
      try worker.unpack(archive.path, into: folder) { name, fault in
        left.append(
          Refusal(
            fault.code, .file, name: folder + "/" + name, sentence: fault.sentence))
      }
    } catch {
      try? FileManager.default.removeItem(atPath: folder)
      throw Refusal(error.code, .file, name: archive.path, sentence: error.sentence)
    }
    unpacked.change { _ = $0.insert(folder) }
    return left
  }

  /// Makes sure that files that may be members can be read.
  func need(_ paths: [String], _ worker: Worker) throws(Fault) {
    for path in paths where path.hasPrefix(root + "/") && access(path, F_OK) != 0 {
      let name = path.dropFirst(root.count + 1).prefix { $0 != "/" }
      let folder = root + "/" + name
      let failure = unpacked.change { done -> Fault? in
        if done.contains(folder) { return nil }
        done.insert(folder)
        guard let archive = try? ledger.archive(in: folder) else {
          return Fault(.sourceGone, "its archive is not known any more")
        }
        mkdir(root, 0o700)
        mkdir(folder, 0o700)
        do throws(Fault) {
          try worker.unpack(archive, into: folder) { _, _ in }
          return nil
        } catch { return error }
      }
      if let failure { throw failure }
    }
  }
}

extension Worker {
  /// Unpacks an archive into a folder that is there; `each` hears of entries that were left out.
  func unpack(
    _ archive: String, into folder: String, left each: (String, Fault) -> Void
  ) throws(Fault) {
    var (leftOut, refusal) = (0, Fault?.none)
    do throws(WorkerFailure) {
      try send(WorkerRequest.unpack(archive, into: folder, limits))
      while refusal == nil {
        let answer = try receive(UnpackAnswer.self)
        allowTime()
        switch answer {
        case .at: continue
        case .left(let name, let fault):
          leftOut += 1
          if leftOut <= 10_000, fault.code == .archiveEntry { each(name, fault) }
        case .done: return
        case .refused(let fault): refusal = fault
        }
      }
    } catch {
      throw Fault(error)
    }
    if let refusal { throw refusal }
  }
}
