"""The web server's worker: requests are read whole by one loop before a thread gets them. Set up by panel/serving.py.

`worker` owns the sockets and the loop; `connection` is one caller's; `room` says who has to go when there are too many;
`framing` says where a request ends; `answering` is a thread's way back; `refusals` are the answers without a thread.
"""
