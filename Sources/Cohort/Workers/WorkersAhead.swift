import CWorker
import Foundation

/// Workers that the process has split off itself before it did anything else: they are there at once,
/// where a program takes ten milliseconds to be loaded. Those that come later, in place of workers that
/// have died for instance, are started anew.
public enum WorkersAhead {
  private static let waiting = Locked([Worker.Running]())

  /// Splits off so many, in which this does not return. To be called before the process has threads, or
  /// has seen anything that a worker should not.
  public static func split(_ count: Int) {
    for _ in 0..<count {
      let shared = worker_shared_memory()
      guard shared >= 0 else { return }
      var (pid, control): (pid_t, Int32) = (0, -1)
      switch worker_fork(CommandLine.unsafeArgv, CommandLine.argc, shared, &pid, &control) {
      case 1:
        WorkerMain.practise()
        WorkerMain.run()
      case 0: waiting.change { $0.append(.init(pid: pid, control: control, shared: shared)) }
      default:
        close(shared)
        return
      }
    }
  }

  /// One of them under these limits, nil when there is none left.
  static func take(_ limits: worker_limits) -> Worker.Running? {
    var limits = limits
    while let one = waiting.change({ $0.popLast() }) {
      // One that has died is found out by whoever sends it something.
      let failure = worker_limit(one.pid, &limits)
      if failure == 0 || failure == ESRCH { return one }
      end(one)
    }
    return nil
  }

  /// Ends those that are more than are wanted.
  static func keep(_ count: Int) {
    while let one = waiting.change({ $0.count > count ? $0.removeLast() : nil }) { end(one) }
  }

  private static func end(_ one: Worker.Running) {
    close(one.control)
    close(one.shared)
    worker_kill(one.pid)
    var code: Int32 = 0
    _ = worker_collect(one.pid, 10_000, &code)
  }
}
