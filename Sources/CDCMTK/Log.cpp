// DCMTK's log: never written, but warnings of its JPEG decoders are counted, since a stream that
// they mend with guesses is damaged.
#include <dcmtk/config/osconfig.h>

#include <dcmtk/oflog/appender.h>
#include <dcmtk/oflog/oflog.h>
#include <dcmtk/oflog/spi/logevent.h>

#include <mutex>

#include "File.hpp"

namespace {

thread_local unsigned seen = 0;

// A scan header that some encoders leave at zero: a sequential stream has nothing there to say, and loses nothing.
const char harmless[] = "Invalid SOS parameters for sequential JPEG";

class Counter : public dcmtk::log4cplus::Appender {
 public:
  ~Counter() override { destructorImpl(); }
  void close() override {}
  void append(const dcmtk::log4cplus::spi::InternalLoggingEvent &event) override {
    if (event.getMessage().find(harmless) == OFString_npos) seen++;
  }
};

}  // namespace

void silence() {
  static std::once_flag once;
  std::call_once(once, [] {
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    OFLogger decoders = OFLog::getLogger("dcmtk.dcmjpeg");
    decoders.setAdditivity(false);
    decoders.setLogLevel(OFLogger::WARN_LOG_LEVEL);
    decoders.addAppender(dcmtk::log4cplus::SharedAppenderPtr(new Counter));
  });
}

DecoderWarnings::DecoderWarnings() : before(seen) {}
unsigned DecoderWarnings::count() const { return seen - before; }
