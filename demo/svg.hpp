// The few shapes of SVG that the picture needs. Bars of one colour share one path, which keeps
// the file small.
#pragma once

#include <cstdio>
#include <string>

namespace demo {

class Svg {
  public:
    Svg(double width, double height) {
        add("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" "
            "font-family=\"system-ui, 'Segoe UI', Helvetica, Arial, sans-serif\">\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
            width, height);
    }

    void text(double x, double y, double size, const char *colour, const char *anchor,
              const std::string &words, bool bold = false) {
        add("<text x=\"%.1f\" y=\"%.1f\" font-size=\"%.0f\" fill=\"%s\" text-anchor=\"%s\"%s>", x,
            y, size, colour, anchor, bold ? " font-weight=\"600\"" : "");
        body_ += words + "</text>\n";
    }

    void line(double x1, double y1, double x2, double y2, const char *colour, double width,
              const char *dash = "none") {
        add("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" "
            "stroke-width=\"%.1f\" stroke-dasharray=\"%s\"/>\n",
            x1, y1, x2, y2, colour, width, dash);
    }

    void rect(double x, double y, double width, double height, const char *colour) {
        add("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n", x, y,
            width, height, colour);
    }

    void path(const std::string &shapes, const char *colour, double opacity = 1.0) {
        add("<path fill=\"%s\" fill-opacity=\"%.2f\" d=\"", colour, opacity);
        body_ += shapes + "\"/>\n";
    }

    std::string finish() const {
        return body_ + "</svg>\n";
    }

    // A piece of a path: a bar from `bottom` upwards.
    static std::string bar(double x, double bottom, double width, double height) {
        return format("M%.2f %.2fh%.2fv-%.2fh-%.2fz", x, bottom, width, height, width);
    }

    // A piece of a path: a dot.
    static std::string dot(double x, double y, double radius) {
        return format("M%.1f %.1fa%.1f %.1f 0 1 0 %.1f 0a%.1f %.1f 0 1 0 -%.1f 0", x - radius, y,
                      radius, radius, 2 * radius, radius, radius, 2 * radius);
    }

    // A piece of a path: a triangle that points up to `y`.
    static std::string triangle(double x, double y, double half) {
        return format("M%.1f %.1fl%.1f %.1fh-%.1fz", x, y, half, 1.6 * half, 2 * half);
    }

    template <typename... Args> static std::string format(const char *form, Args... args) {
        char buffer[512];
        std::snprintf(buffer, sizeof buffer, form, args...);
        return buffer;
    }

  private:
    template <typename... Args> void add(const char *form, Args... args) {
        body_ += format(form, args...);
    }

    std::string body_;
};

} // namespace demo
