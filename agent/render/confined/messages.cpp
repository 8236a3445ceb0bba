#include "render/confined/messages.h"

namespace greenwave::render::confined {

void write(sandbox::Writer& writer, const Greeting& greeting) {
  writer.all(greeting.refusal, greeting.missing);
}

void read(sandbox::Reader& reader, Greeting& greeting) {
  reader.all(greeting.refusal, greeting.missing);
}

}  // namespace greenwave::render::confined
