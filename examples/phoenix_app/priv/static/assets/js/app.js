// No bundler: the clients of Phoenix and LiveView are loaded as their packages bring them. The pages
// that show recordings load this file, too.
const load = (path) =>
  new Promise((loaded, failed) => {
    const script = document.createElement("script")
    Object.assign(script, {src: path, onload: loaded, onerror: failed})
    document.head.append(script)
  })

load("/assets/phoenix/phoenix.min.js")
  .then(() => load("/assets/phoenix_live_view/phoenix_live_view.min.js"))
  .then(() => {
    const token = document.querySelector("meta[name='csrf-token']").content
    const options = {params: {_csrf_token: token}}
    new LiveView.LiveSocket("/live", Phoenix.Socket, options).connect()
  })
